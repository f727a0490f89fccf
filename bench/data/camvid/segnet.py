"""SegNet's layout: `train/`, `trainannot/`, `train.txt`, and so on; the 11 classes and 11 for unlabelled pixels."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from bench.data.camvid.classes import labelling_of_11
from bench.data.files import Labelling, SampleFiles
from bench.data.listing import choose_split, pair, pick, read_names
from bench.errors import DataError
from bench.image_files.finding import find_pictures

__all__ = ["is_here", "read"]

_SPLITS = ("train", "val", "test")


def is_here(root: Path) -> bool:
    """Whether a split of this layout lies in `root`."""
    return any(_has(root, split) for split in _SPLITS)


def read(root: Path, split: str) -> tuple[list[SampleFiles], Labelling]:
    """The samples of a split, in the order of its list where there is one, else by name.

    A line of the list is `/SegNet/CamVid/test/NAME.png /SegNet/CamVid/testannot/NAME.png`: only the names count.
    """
    choose_split("camvid", split, [each for each in _SPLITS if _has(root, each)])
    images, labels = root / split, root / f"{split}annot"
    found, split_file = find_pictures(images), root / f"{split}.txt"
    pictures = list(found.items())
    if split_file.exists():
        pictures = pick(_listed(split_file), found, split_file, images)
    return pair(pictures, find_pictures(labels, suffixes=(".png",)), labels), labelling_of_11()


def _has(root: Path, split: str) -> bool:
    return all((root / name).is_dir() for name in (split, f"{split}annot"))


def _listed(split_file: Path) -> list[str]:
    names: list[str] = []
    for line in read_names(split_file):
        stems = {PurePosixPath(path.replace("\\", "/")).stem for path in line.split()}
        if len(stems) > 1:
            must = "name a picture and its label map on each line, alike but for the folder"
            raise DataError(f"split file {split_file}", must, f"'{line}'", "Restore it, or remove it to take all.")
        names += stems
    return names
