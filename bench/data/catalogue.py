"""The datasets by name. Nothing here imports NumPy or Pillow: listing is free."""

from __future__ import annotations

from pathlib import Path

from bench.data.sizes import Size, check_size
from bench.registry import Registry
from bench.vocabulary import Dataset

__all__ = ["DATASETS", "load"]

DATASETS: Registry[Dataset] = Registry("dataset", "spgbench.datasets")
"""Names to callables `(split, size, root, limit) -> Dataset`."""

DATASETS.add("streets", "bench.data.embedded:load_streets", "procedural street scenes, 11 classes; needs no files")
DATASETS.add("folder", "bench.data.folder:load", "your pictures: images/, and if you have them labels/, classes.json")
DATASETS.add("camvid", "bench.data.camvid:load", "CamVid, street video frames, 11 classes")


def load(
    name: str,
    split: str = "test",
    size: Size | None = (256, 256),
    root: str | Path | None = None,
    limit: int | None = None,
) -> Dataset:
    """Open a dataset.

    Args:
        name: as in `spgbench ls datasets`.
        split: which part; the names differ between datasets, and a miss lists them.
        size: (height, width) in pixels, or None for pictures as large as they are.
        root: folder of the dataset's files; None for a dataset that needs none.
        limit: only the first so many samples.

    Raises:
        UnknownName: no such dataset or split; the message suggests near ones.
        UsageError: `root` is missing or not wanted; `size` or `limit` is not what it must be.
        DataError: the files are not laid out as the dataset's are (docs/datasets.md).
    """
    check_size(size)
    return DATASETS.create(name, split=split, size=size, root=None if root is None else Path(root), limit=limit)
