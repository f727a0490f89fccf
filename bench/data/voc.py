"""PASCAL VOC 2012 segmentation (Everingham et al., IJCV 2010 and 2015)."""

from __future__ import annotations

from pathlib import Path

from bench.data.files import FileDataset, Labelling
from bench.data.listing import choose_split, need_folder, need_root, pair, pick, read_names, split_files
from bench.image_files.finding import find_pictures
from bench.image_files.sizes import Size
from bench.vocabulary import VOID

__all__ = ["CLASSES", "load"]

CLASSES = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read `JPEGImages`, `SegmentationClass` (indices; 255, the outlines, is VOID) and `ImageSets/Segmentation`."""
    root = need_root(root, "voc")
    fix = "Point --data-root at the folder with JPEGImages/, that is VOCdevkit/VOC2012."
    images, maps, splits = (
        need_folder(root / name, "voc", fix) for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation")
    )
    known = split_files(splits)
    split_file = known[choose_split("voc", split, known)]
    pictures = pick(read_names(split_file), find_pictures(images, suffixes=(".jpg",)), split_file, images)
    files = pair(pictures, find_pictures(maps, suffixes=(".png",)), maps)
    indices = {index: index for index in range(len(CLASSES))} | {VOID: VOID}
    return FileDataset("voc", split, files, Labelling.named(CLASSES, CLASSES[1:], indices), size, limit)
