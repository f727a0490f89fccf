"""CamVid with the 11 classes of SegNet (Brostow et al., ECCV 2008; labels as prepared for SegNet)."""

from __future__ import annotations

from pathlib import Path

from bench.data.files import FileDataset, Labelling
from bench.data.listing import choose_split, need_folder, need_root, pair, pick, read_names, split_files
from bench.image_files.finding import find_pictures
from bench.image_files.sizes import Size
from bench.vocabulary import VOID

__all__ = ["CLASSES", "load"]

CLASSES = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
)
OBJECTS = ("tree", "sign", "car", "pedestrian", "bicyclist")
UNLABELLED = 11


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read `images/NAME.*`, `labels/NAME.png` and `splits/SPLIT.txt` under `root`."""
    root = need_root(root, "camvid")
    fix = "Point --data-root at the folder with images/, labels/ and splits/."
    images, labels, splits = (need_folder(root / name, "camvid", fix) for name in ("images", "labels", "splits"))
    known = split_files(splits)
    split_file = known[choose_split("camvid", split, known)]
    pictures = pick(read_names(split_file), find_pictures(images), split_file, images)
    files = pair(pictures, find_pictures(labels, (".png",)), labels)
    indices = {index: index for index in range(len(CLASSES))} | {UNLABELLED: VOID}
    return FileDataset("camvid", split, files, Labelling.named(CLASSES, OBJECTS, indices), size, limit)
