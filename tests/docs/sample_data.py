"""Small stand-ins for the files that the pages' readers have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["write_camvid", "write_fills", "write_photos", "write_removal"]


def write_camvid(root: Path) -> None:
    """A tree in CamVid's layout: two pictures in each of the splits train, val and test."""
    for folder in ("images", "labels", "splits"):
        (root / folder).mkdir(parents=True)
    random = np.random.default_rng(0)
    for split, drive in (("train", "0001TP"), ("val", "0016E5"), ("test", "Seq05VD")):
        names = [f"{drive}_f00000", f"{drive}_f00030"]
        (root / "splits" / f"{split}.txt").write_text("\n".join(names) + "\n")
        for name in names:
            _write_picture(root / "images" / f"{name}.png", random)
            labels = np.zeros((360, 480), np.uint8)
            labels[100:200, 150:300] = 8  # a car
            Image.fromarray(labels).save(root / "labels" / f"{name}.png")


def write_photos(root: Path) -> None:
    """A folder of pictures with label maps, as `--dataset folder` reads it."""
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    random = np.random.default_rng(1)
    for name in ("beach", "garden"):
        _write_picture(root / "images" / f"{name}.png", random)
        labels = np.zeros((360, 480), np.uint8)
        labels[150:, :240] = 1
        labels[200:300, 300:400] = 2
        Image.fromarray(labels).save(root / "labels" / f"{name}.png")
    (root / "classes.json").write_text(json.dumps({"classes": ["ground", "wall", "car"], "objects": ["car"]}))


def write_fills(root: Path) -> None:
    """True pictures, masks and the fills of two programs in a folder each, and one picture with its mask."""
    random = np.random.default_rng(2)
    for name in ("lake", "tower"):
        truth = root / "truth" / f"{name}.png"
        for folder in ("truth", "masks", "fills", "other-fills"):
            (root / folder).mkdir(exist_ok=True)
        _write_picture(truth, random)
        hole = np.zeros((360, 480), np.uint8)
        hole[100:200, 150:300] = 255
        Image.fromarray(hole).save(root / "masks" / f"{name}.png")
        for folder, level in (("fills", 60), ("other-fills", 90)):
            fill = np.array(Image.open(truth))
            fill[hole > 0] = fill[hole > 0] // 2 + level
            Image.fromarray(fill).save(root / folder / f"{name}.png")
    Image.fromarray(fill[80:220, 130:330]).save(root / "photo.png")
    Image.fromarray(hole[80:220, 130:330]).save(root / "mask.png")


def write_removal(root: Path) -> None:
    """Pictures of a thing and its shadow, the same scenes without it, and masks of it."""
    random = np.random.default_rng(3)
    for name in ("lake", "tower"):
        for folder in ("images", "truths", "masks"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        _write_picture(root / "truths" / f"{name}.png", random)
        shown = np.array(Image.open(root / "truths" / f"{name}.png"))
        shown[100:200, 150:300] = (200, 30, 30)
        shown[200:220, 150:340] //= 2
        Image.fromarray(shown).save(root / "images" / f"{name}.png")
        hole = np.zeros((360, 480), np.uint8)
        hole[90:205, 140:310] = 255
        Image.fromarray(hole).save(root / "masks" / f"{name}.png")


def _write_picture(path: Path, random: np.random.Generator) -> None:
    coarse = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((480, 360), Image.Resampling.BILINEAR).save(path)
