"""ADE20K as cut for the scene parsing challenge of 2016 (Zhou et al., CVPR 2017): 150 classes."""

from __future__ import annotations

import re
from pathlib import Path

from bench.data.files import FileDataset, Labelling
from bench.data.listing import choose_split, need_folder, need_root, pair
from bench.errors import DataError
from bench.image_files.finding import find_pictures
from bench.image_files.sizes import Size
from bench.vocabulary import VOID

__all__ = ["load"]

NUM_CLASSES = 150
SPLITS = {"train": "training", "val": "validation"}
# fmt: off
THINGS = (
    8, 9, 11, 13, 15, 16, 19, 20, 21, 23, 24, 25, 28, 31, 32, 33, 34, 36, 37, 38, 39, 40, 42, 43, 44, 45, 46,
    48, 50, 51, 54, 56, 57, 58, 59, 63, 65, 66, 67, 68, 70, 71, 72, 73, 74, 75, 76, 77, 79, 81, 82, 83, 84,
    86, 87, 88, 89, 90, 91, 93, 94, 96, 98, 99, 103, 104, 105, 108, 109, 111, 112, 113, 116, 117, 119, 120,
    121, 122, 124, 125, 126, 127, 128, 130, 131, 133, 134, 135, 136, 137, 138, 139, 140, 143, 144, 145, 147,
    148, 149, 150,
)
# fmt: on
"""Stored numbers of the 100 classes with instances (CSAILVision/placeschallenge, instanceInfo100_train.txt)."""


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read `images/` and `annotations/`, each with `training/` and `validation/`, and `objectInfo150.txt`.

    A stored 0 (other) is VOID, a stored n is class n - 1. Classes are called by the first name of objectInfo150.txt.
    """
    root = need_root(root, "ade20k")
    part = SPLITS[choose_split("ade20k", split, SPLITS)]
    fix = "Point --data-root at ADEChallengeData2016."
    images, maps = (need_folder(root / name / part, "ade20k", fix) for name in ("images", "annotations"))
    files = pair(find_pictures(images, suffixes=(".jpg",)).items(), find_pictures(maps, suffixes=(".png",)), maps)
    indices = {0: VOID} | {number: number - 1 for number in range(1, NUM_CLASSES + 1)}
    labelling = Labelling(_read_classes(root / "objectInfo150.txt"), tuple(n - 1 for n in THINGS), indices)
    return FileDataset("ade20k", split, files, labelling, size, limit)


def _read_classes(path: Path) -> tuple[str, ...]:
    """The first name in each row; rows are number, share, counts, then the names, between tabs."""
    try:
        rows = [re.split(r"\s*\t\s*", line.strip()) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
        names = {int(row[0]): row[-1].partition(",")[0].strip() for row in rows if row[0]}
    except (OSError, ValueError) as error:
        raise DataError(
            f"file {path}", "list the 150 classes", str(error), "Take it from ADEChallengeData2016.zip."
        ) from error
    if sorted(names) != list(range(1, NUM_CLASSES + 1)):
        raise DataError(f"file {path}", "list the 150 classes", f"{len(names)} rows", "Take it from the archive.")
    return tuple(names[number] for number in range(1, NUM_CLASSES + 1))
