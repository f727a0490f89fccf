"""The datasets by name. Nothing here imports NumPy or Pillow: listing is free."""

from __future__ import annotations

from pathlib import Path

from bench.image_files.sizes import Size, check_size
from bench.registry import Registry
from bench.vocabulary import Dataset

__all__ = ["DATASETS", "load"]

DATASETS: Registry[Dataset] = Registry("dataset", "spgbench.datasets", "spgbench ls datasets")
"""Names to callables `(split, size, root, limit) -> Dataset`."""

for _name, _target, _summary in (
    ("streets", "embedded:load_streets", "procedural street scenes, 11 classes; needs no files"),
    ("folder", "folder:load", "your own pictures, with or without label maps"),
    ("camvid", "camvid:load", "CamVid: street video, 11 classes; splits by sequence, and SegNet's"),
    ("ade20k", "ade20k:load", "ADE20K, scene parsing 2016: 150 classes; splits train, val"),
    ("voc", "voc:load", "PASCAL VOC 2012: 21 classes; splits train, val, trainval"),
    ("helen", "helen:load", "Helen faces, segments of Smith et al. 2013: 11 classes"),
    ("texterasebench", "texterasebench:load", "TextEraseBench: 185 pictures with and without text, for removal"),
    ("rord", "rord:load", "RORD: frames with and without an object, for removal; splits train, val"),
    ("misato", "misato:load", "MISATO: pictures of four kinds, with a mask each"),
    ("brushbench", "brushbench:load", "BrushBench: the pictures of its mapping_file.json"),
):
    DATASETS.add(_name, f"bench.data.{_target}", _summary)
for _name, _grouping, _summary in (
    ("cityscapes", "ids", "Cityscapes: all 35 ids; splits train, val (test has no labels)"),
    ("cityscapes-19", "train-ids", "Cityscapes: the 19 train ids, the rest void"),
    ("cityscapes-8", "categories", "Cityscapes: the 8 categories, from void to vehicle"),
):
    DATASETS.add(_name, "bench.data.cityscapes:load", _summary, grouping=_grouping)


def load(
    name: str,
    split: str = "test",
    size: Size | None = (256, 256),
    root: str | Path | None = None,
    limit: int | None = None,
    split_list: str | Path | None = None,
) -> Dataset:
    """Open a dataset.

    Args:
        name: as in `spgbench ls datasets`.
        split: which part; the names differ between datasets, and a miss lists them.
        size: (height, width) in pixels, or None for pictures as large as they are.
        root: folder of the dataset's files; None for a dataset that needs none.
        limit: only so many samples, spread evenly over the split, or over the list.
        split_list: text file of the samples of the split to take, one a line (`bench.data.split_list`); None for all.

    Raises:
        UnknownName: no such dataset or split; the message suggests near ones.
        UsageError: `root` is missing or not wanted; `size` or `limit` is not what it must be.
        DataError: the files are not laid out as the dataset's are (docs/reference/data-sets.md), or the list does not
            name samples of the split.
    """
    check_size(size)
    folder = None if root is None else Path(root).absolute()  # a model may change the working directory
    if split_list is None:
        return DATASETS.create(name, split=split, size=size, root=folder, limit=limit)
    from bench.data.split_list import select

    return select(DATASETS.create(name, split=split, size=size, root=folder, limit=None), split_list, limit)
