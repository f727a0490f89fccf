"""`images/`, `labels/` with the 11 classes, and `splits/`."""

from __future__ import annotations

from pathlib import Path

from bench.data.camvid.classes import labelling_of_11
from bench.data.files import Labelling, SampleFiles
from bench.data.listing import choose_split, pair, pick, read_names, split_files
from bench.image_files.finding import find_pictures

__all__ = ["is_here", "read"]


def is_here(root: Path) -> bool:
    """Whether the folders of this layout lie in `root`."""
    return all((root / name).is_dir() for name in ("images", "labels", "splits"))


def read(root: Path, split: str) -> tuple[list[SampleFiles], Labelling]:
    """The samples of a split, which `splits/SPLIT.txt` names."""
    images, labels = root / "images", root / "labels"
    known = split_files(root / "splits")
    split_file = known[choose_split("camvid", split, known)]
    pictures = pick(read_names(split_file), find_pictures(images), split_file, images)
    return pair(pictures, find_pictures(labels, suffixes=(".png",)), labels), labelling_of_11()
