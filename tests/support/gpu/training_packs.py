"""What should last of several trainings, in few files for a slow or limited way home."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from tests.support.reference import KEPT

__all__ = ["LARGEST", "deliveries", "pack"]

LARGEST, IN_ALL, FILES = 16_500_000, 66_000_000, 7
"""Bytes of a file, and bytes and files of a delivery: what one transfer takes, a log beside them."""

_PARTS = {"sg-net": ("sgnet.",), "unguided": ("sgnet.",), "sp-net": ("spnet.",), "joint": ("spnet.", "sgnet.")}

File = tuple[Path, str]
"""A file and its name in a pack."""


def pack(names: Sequence[str], evaluations: Iterable[Path], out: Path) -> list[str]:
    """Write OUT/packs/NUMBER/pack-*.tar, a folder a delivery; returns a line for each.

    The first file holds cards, logs and records of all; the weights follow in the order of the names, so that what is
    left behind is worth least. A training's own files are never in two packs.

    Args:
        names: of trainings, the most needed first.
        evaluations: folders of runs.
        out: folder that holds the trainings.
    """
    shutil.rmtree(out / "packs", ignore_errors=True)
    groups = [[text for name in names for text in _texts(out / name)] + _records(evaluations)]
    groups += [found for name in names if (found := _results(out / name, out / "collected"))]
    lines = []
    for number, delivery in enumerate(deliveries(groups), 1):
        folder = out / "packs" / str(number)
        folder.mkdir(parents=True)
        for position, files in enumerate(delivery):
            with tarfile.open(folder / f"pack-{position}.tar", "w") as archive:
                for file, name in files:
                    archive.add(file, name)
        size = sum(file.stat().st_size for file in folder.iterdir())
        lines.append(f"{folder}: {len(delivery)} files, {size / 1e6:.1f} MB")
    return lines


def deliveries(groups: Iterable[list[File]]) -> list[list[list[File]]]:
    """The groups in packs of at most LARGEST, and the packs in deliveries of at most FILES and IN_ALL, in order."""
    packs: list[list[File]] = []
    for group in filter(None, groups):
        if packs and _size(packs[-1]) + _size(group) <= LARGEST:
            packs[-1] += group
        else:
            packs.append(list(group))
    made: list[list[list[File]]] = []
    for one in packs:
        if made and len(made[-1]) < FILES and sum(map(_size, made[-1])) + _size(one) <= IN_ALL:
            made[-1].append(one)
        else:
            made.append([one])
    return made


def _size(files: Iterable[File]) -> int:
    """Bytes in an archive, whose heads take a kilobyte or less a file."""
    return sum(file.stat().st_size + 1536 for file, _ in files)


def _texts(folder: Path) -> list[File]:
    files = [folder / "card.json", folder / "log.csv", folder / "training.json", *(folder / "weights").glob("*.json")]
    return [(file, f"{folder.name}.{file.name}") for file in files if file.exists()]


def _records(evaluations: Iterable[Path]) -> list[File]:
    return [
        (file, f"{folder.name}/{file.relative_to(folder)}")
        for folder in evaluations
        for pattern in KEPT
        for file in sorted(folder.glob(pattern))
    ]


def _results(folder: Path, collected: Path) -> list[File]:
    """What was trained, in half precision, and the last sheet, as a JPEG."""
    collected.mkdir(exist_ok=True)
    found = []
    for file in sorted((folder / "weights").glob("*.safetensors")):
        stage = json.loads((folder / "training.json").read_text(encoding="utf-8"))["stages"][-1]
        state = load_file(file)
        kept = {key: _halved(value) for key, value in state.items() if key.startswith(_PARTS.get(stage, ("",)))}
        if kept:
            found.append(collected / f"{folder.name}.{file.name}")
            save_file(kept, found[-1])
    for sheet in sorted((folder / "sheets").glob("*.png"))[-1:]:
        found.append(collected / f"{folder.name}.{sheet.stem}.jpg")
        with Image.open(sheet) as picture:
            picture.convert("RGB").save(found[-1], quality=85)
    return [(file, file.name) for file in found]


def _halved(values: torch.Tensor) -> torch.Tensor:
    return values.half() if values.ndim > 1 else values
