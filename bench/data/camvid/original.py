"""Layouts with Cambridge's 32 classes, as colours or as indices: Cambridge's own, fast.ai's, and one by folders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.data.camvid.classes import CLASSES, OBJECTS, ORIGINAL
from bench.data.files import Labelling, SampleFiles
from bench.data.listing import choose_split, pair, read_names
from bench.errors import DataError
from bench.image_files.decode import read_picture
from bench.image_files.finding import find_pictures, same_form

__all__ = ["has_cambridge", "has_fast_ai", "has_folders", "read_cambridge", "read_fast_ai", "read_folders"]

_FOLDERS = ("train", "val", "test")
_FRAME = re.compile(r"(0001TP|0006R0|0016E5|Seq05VD)_f?([0-9]+)")
_FIRST_OF_TEST = 8550
_VALIDATION = range(7959, 8160)


def has_cambridge(root: Path) -> bool:
    """Whether the two archives of Cambridge lie in `root`, each in its folder."""
    return all((root / name).is_dir() for name in ("701_StillsRaw_full", "LabeledApproved_full"))


def has_fast_ai(root: Path) -> bool:
    """Whether `images/`, `labels/` and `codes.txt` lie in `root`."""
    return all((root / name).exists() for name in ("images", "labels", "codes.txt"))


def has_folders(root: Path) -> bool:
    """Whether `train/` and `train_labels/`, or those of another split, lie in `root`."""
    return any((root / name).is_dir() and (root / f"{name}_labels").is_dir() for name in _FOLDERS)


def read_cambridge(root: Path, split: str) -> tuple[list[SampleFiles], Labelling]:
    """`701_StillsRaw_full/NAME.png` and `LabeledApproved_full/NAME_L.png`, in SegNet's splits or `all`."""
    images, labels = root / "701_StillsRaw_full", root / "LabeledApproved_full"
    pictures = find_pictures(images)
    chosen = _chosen(pictures, split, {name: [key for key in pictures if _published(key) == name] for name in _FOLDERS})
    return pair(chosen, _ending(labels, "_L"), labels), _of_colours()


def read_fast_ai(root: Path, split: str) -> tuple[list[SampleFiles], Labelling]:
    """`images/NAME.png` and `labels/NAME_P.png`; `valid.txt` names the split `val`, the rest is `train`; or `all`.

    Without `valid.txt` the splits are SegNet's. The numbers are places in `codes.txt`.
    """
    images, labels, valid = root / "images", root / "labels", root / "valid.txt"
    pictures = find_pictures(images)
    splits = {name: [key for key in pictures if _published(key) == name] for name in _FOLDERS}
    if valid.exists():
        val = {Path(name).stem for name in read_names(valid)}
        if missing := sorted(val - pictures.keys()):
            must = f"name pictures of {images}"
            raise DataError(f"file {valid}", must, f"'{missing[0]}' without a picture", "Restore it.")
        splits = {"train": [key for key in pictures if key not in val], "val": [key for key in pictures if key in val]}
    codes = root / "codes.txt"
    groups = {same_form(one.name): one.index for one in ORIGINAL}
    names = read_names(codes)
    if unknown := [name for name in names if name not in groups]:
        raise DataError(f"file {codes}", "name classes of CamVid", f"'{unknown[0]}'", "Restore it.")
    labelling = Labelling.named(CLASSES, OBJECTS, {index: groups[name] for index, name in enumerate(names)})
    return pair(_chosen(pictures, split, splits), _ending(labels, "_P"), labels), labelling


def read_folders(root: Path, split: str) -> tuple[list[SampleFiles], Labelling]:
    """`SPLIT/NAME.png` and `SPLIT_labels/NAME_L.png`."""
    known = [name for name in _FOLDERS if (root / name).is_dir() and (root / f"{name}_labels").is_dir()]
    labels = root / f"{choose_split('camvid', split, known)}_labels"
    return pair(find_pictures(root / split).items(), _ending(labels, "_L"), labels), _of_colours()


def _published(name: str) -> str:
    """The split of SegNet's authors that a frame is in, or nothing: 367, 101 and 233 frames of the 701."""
    match = _FRAME.fullmatch(name)
    if not match:
        return ""
    sequence, frame = match[1], int(match[2])
    if sequence == "0016E5":
        return "val" if frame in _VALIDATION else "train"
    if sequence == "0001TP":
        return "test" if frame >= _FIRST_OF_TEST else "train"
    return "test" if sequence == "Seq05VD" else "train"


def _chosen(pictures: Mapping[str, Path], split: str, splits: Mapping[str, Sequence[str]]) -> list[tuple[str, Path]]:
    every = {**{name: names for name, names in splits.items() if names}, "all": list(pictures)}
    return [(name, pictures[name]) for name in every[choose_split("camvid", split, every)]]


def _ending(folder: Path, ending: str) -> dict[str, Path]:
    """Label maps by the name of their picture, which stands before the ending; by their own name where none has it."""
    found = find_pictures(folder, suffixes=(".png",))
    return {key.removesuffix(ending): path for key, path in found.items() if key.endswith(ending)} or found


def _of_colours() -> Labelling:
    indices = {number: one.index for number, one in enumerate(ORIGINAL)}
    return Labelling.named(CLASSES, OBJECTS, indices, read=_read_colours)


def _read_colours(paths: Sequence[Path]) -> npt.NDArray[np.int32]:
    """A map of colours as places in ORIGINAL, int32 [H, W]; raises DataError that names a colour of no class."""
    places_of_channels = np.array([1 << 16, 1 << 8, 1])
    codes = read_picture(paths[0], "label map") @ places_of_channels
    known = np.array([one.colour for one in ORIGINAL]) @ places_of_channels
    order = np.argsort(known)
    places = order[np.searchsorted(known[order], codes).clip(max=len(known) - 1)]
    wrong = known[places] != codes
    if wrong.any():
        code = int(codes[wrong][0])
        found = f"colour ({code >> 16}, {code >> 8 & 255}, {code & 255}) in {np.count_nonzero(wrong)} pixels"
        fix = "Copy it again; it must not be resized or saved as JPEG."
        raise DataError(f"label map {paths[0]}", "hold the colours of CamVid's 32 classes", found, fix)
    return np.asarray(places, np.int32)
