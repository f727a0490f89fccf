"""Helen faces (Le et al., ECCV 2012) with the segments of Smith et al. (CVPR 2013): 11 probability maps a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.data.files import FileDataset, Labelling, SampleFiles
from bench.data.listing import choose_split, need_folder, need_root, pick, read_names
from bench.errors import DataError
from bench.image_files.decode import read_index_map
from bench.image_files.finding import find_pictures
from bench.image_files.sizes import Size

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CLASSES", "load"]

CLASSES = (
    "background",
    "face skin",
    "left eyebrow",
    "right eyebrow",
    "left eye",
    "right eye",
    "nose",
    "upper lip",
    "inner mouth",
    "lower lip",
    "hair",
)
SPLITS = {"train": "exemplars.txt", "val": "tuning.txt", "test": "testing.txt"}


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read `images/ID.jpg`, `labels/ID/ID_lbl00.png` … `_lbl10.png` and the lists of SmithCVPR2013 under `root`."""
    root = need_root(root, "helen")
    split_file = root / SPLITS[choose_split("helen", split, SPLITS)]
    fix = "Point --data-root at a SmithCVPR2013_dataset folder, with images/ and labels/."
    images, maps = (need_folder(root / name, "helen", fix) for name in ("images", "labels"))
    names = [line.rpartition(",")[2].strip() for line in read_names(split_file)]  # a line is "NUMBER , ID"
    pictures = pick(names, find_pictures(images, suffixes=(".jpg",)), split_file, images)
    files = [SampleFiles(key, path, _maps(maps / key)) for key, path in pictures]
    indices = {index: index for index in range(len(CLASSES))}
    labelling = Labelling.named(CLASSES, CLASSES[1:], indices, read=read_most_probable)
    return FileDataset("helen", split, files, labelling, size, limit)


def read_most_probable(paths: Sequence[Path]) -> npt.NDArray[np.int32]:
    """The class of the highest probability in each pixel, int32 [H, W]; of equal ones the first."""
    maps = [read_index_map(path) for path in paths]
    for path, probability in zip(paths, maps, strict=True):
        if probability.shape != maps[0].shape:
            raise DataError(
                f"label map {path}",
                f"be as large as {paths[0].name} ({maps[0].shape})",
                str(probability.shape),
                "Unpack the archive again.",
            )
    classes: npt.NDArray[np.int32] = np.argmax(np.stack(maps), axis=0).astype(np.int32)
    return classes


def _maps(folder: Path) -> tuple[Path, ...]:
    paths = tuple(folder / f"{folder.name}_lbl{index:02d}.png" for index in range(len(CLASSES)))
    missing = [path.name for path in paths if not path.exists()]
    if missing:
        raise DataError(
            f"folder {folder}", f"hold {len(CLASSES)} probability maps", f"no {missing[0]}", "Unpack the archive again."
        )
    return paths
