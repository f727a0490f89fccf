"""Cityscapes (Cordts et al., CVPR 2016) with its 35 ids, its 19 train ids or its 8 categories.

The table is that of cityscapesScripts (helpers/labels.py). Its last label, license plate, has id -1: the official
script leaves it out of the label maps, and where another one drew it, it is 255 in a file of 8 bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.data.files import FileDataset, Labelling, SampleFiles
from bench.data.listing import choose_split, need_folder, need_root, pair
from bench.errors import DataError
from bench.image_files.finding import find_pictures
from bench.image_files.sizes import Size
from bench.vocabulary import VOID

__all__ = ["CATEGORIES", "LABELS", "load"]

_IDS, _TRAIN_IDS = "_gtFine_labelIds", "_gtFine_labelTrainIds"
CATEGORIES = ("void", "flat", "construction", "object", "nature", "sky", "human", "vehicle")


@dataclass(frozen=True)
class Label:
    """One row of the official table: what a stored id means."""

    name: str
    train_id: int
    category: int


LABELS = {
    0: Label("unlabeled", VOID, 0),
    1: Label("ego vehicle", VOID, 0),
    2: Label("rectification border", VOID, 0),
    3: Label("out of roi", VOID, 0),
    4: Label("static", VOID, 0),
    5: Label("dynamic", VOID, 0),
    6: Label("ground", VOID, 0),
    7: Label("road", 0, 1),
    8: Label("sidewalk", 1, 1),
    9: Label("parking", VOID, 1),
    10: Label("rail track", VOID, 1),
    11: Label("building", 2, 2),
    12: Label("wall", 3, 2),
    13: Label("fence", 4, 2),
    14: Label("guard rail", VOID, 2),
    15: Label("bridge", VOID, 2),
    16: Label("tunnel", VOID, 2),
    17: Label("pole", 5, 3),
    18: Label("polegroup", VOID, 3),
    19: Label("traffic light", 6, 3),
    20: Label("traffic sign", 7, 3),
    21: Label("vegetation", 8, 4),
    22: Label("terrain", 9, 4),
    23: Label("sky", 10, 5),
    24: Label("person", 11, 6),
    25: Label("rider", 12, 6),
    26: Label("car", 13, 7),
    27: Label("truck", 14, 7),
    28: Label("bus", 15, 7),
    29: Label("caravan", VOID, 7),
    30: Label("trailer", VOID, 7),
    31: Label("train", 16, 7),
    32: Label("motorcycle", 17, 7),
    33: Label("bicycle", 18, 7),
    255: Label("license plate", VOID, 7),
}
OBJECTS = frozenset(LABELS[stored].name for stored in (19, 20, *range(24, 34))) | {"object", "human", "vehicle"}
"""Countable things: the labels with instances, lights and signs; and the categories of such labels."""


def load(split: str, size: Size | None, root: Path | None, limit: int | None, grouping: str = "ids") -> FileDataset:
    """Read `leftImg8bit/SPLIT/CITY/*_leftImg8bit.png` and `gtFine/SPLIT/CITY/*_gtFine_labelIds.png` under `root`.

    For the 19 train ids, `*_gtFine_labelTrainIds.png` do where there is no file of ids.

    Ids are `CITY/CITY_SEQUENCE_FRAME`. The maps of `test` hold no labels, so its samples have none either.

    Args:
        split: `train`, `val` or `test`.
        size: as in `bench.data.load`.
        root: folder that holds leftImg8bit.
        limit: as in `bench.data.load`.
        grouping: `ids` (35 classes), `train-ids` (19) or `categories` (8).
    """
    name = {"ids": "cityscapes", "train-ids": "cityscapes-19", "categories": "cityscapes-8"}[grouping]
    root = need_root(root, name)
    fix = "Point --data-root at the folder with leftImg8bit/ and gtFine/."
    folder = need_folder(root / "leftImg8bit", name, fix)
    choose_split(name, split, sorted(path.name for path in folder.iterdir() if path.is_dir()))
    pictures = _ending(folder / split, "_leftImg8bit")
    labelling = _labelling(grouping)
    if split == "test":
        files = [SampleFiles(key, path) for key, path in pictures.items()]
    else:
        maps = need_folder(root / "gtFine" / split, name, fix)
        rendered = find_pictures(maps, suffixes=(".png",))
        if _only_train_ids(rendered):
            _need_train_ids(grouping, maps)
            stored = {index: index for index in range(len(labelling.classes))} | {VOID: VOID}
            labelling = replace(labelling, indices=stored)
            files = pair(pictures.items(), _ending(maps, _TRAIN_IDS), maps)
        else:
            files = pair(pictures.items(), _ending(maps, _IDS), maps)
    return FileDataset(name, split, files, labelling, size, limit)


def _only_train_ids(names: Iterable[str]) -> bool:
    names = list(names)
    return not any(name.endswith(_IDS) for name in names) and any(name.endswith(_TRAIN_IDS) for name in names)


def _need_train_ids(grouping: str, folder: Path) -> None:
    if grouping != "train-ids":
        fix = "Use cityscapes-19, or make the maps of ids with cityscapesScripts."
        raise DataError(f"folder {folder}", f"hold CITY/*{_IDS}.png", "maps of train ids, which lack classes", fix)


def _ending(folder: Path, ending: str) -> dict[str, Path]:
    """The PNG files whose names end so, by id; the folder of maps holds other renderings too."""
    found = {key: path for key, path in find_pictures(folder, suffixes=(".png",)).items() if key.endswith(ending)}
    if not found:
        raise DataError(f"folder {folder}", f"hold CITY/*{ending}.png", "none", "Unpack the archive again.")
    return {key.removesuffix(ending): path for key, path in found.items()}


def _labelling(grouping: str) -> Labelling:
    classes: tuple[str, ...]
    if grouping == "categories":
        classes, indices = CATEGORIES, {stored: label.category for stored, label in LABELS.items()}
    elif grouping == "train-ids":
        classes = tuple(label.name for label in LABELS.values() if label.train_id != VOID)
        indices = {stored: label.train_id for stored, label in LABELS.items()}
    else:
        classes = tuple(label.name for label in LABELS.values())
        indices = {stored: index for index, stored in enumerate(LABELS)}
    return Labelling.named(classes, [name for name in classes if name in OBJECTS], indices)
