"""Small stand-ins for the files that the pages' readers have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["write_camvid", "write_photos"]


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


def _write_picture(path: Path, random: np.random.Generator) -> None:
    coarse = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((480, 360), Image.Resampling.BILINEAR).save(path)
