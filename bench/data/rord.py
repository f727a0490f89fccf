"""RORD, a real-world object removal dataset (Sagong et al., BMVC 2022): frames with an object, and without it.

Layout: a user found `img/` and `gt/`, and no masks, in the archives of 960x540 (issue 9 of IIDA-AILab/RORD). Loaders of
others read `train/` and `val/` with these folders in them, and give a frame and its truth one name. It could not be
checked against the files. By issue 16 of PRIS-CV/Omnieraser, `gt/` is the frame with the background blended into the
object's place, so that known pixels are those of the frame.
"""

from __future__ import annotations

from pathlib import Path

from bench.data.files import FileDataset, Labelling, SampleFiles
from bench.data.listing import choose_split, need_layout, need_root, pair_truths
from bench.image_files.finding import find_pictures
from bench.image_files.sizes import Size

__all__ = ["load"]


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read `SPLIT/img/` and, as truths, `SPLIT/gt/`; ids are paths below `img/`. Masks come by `files:`.

    Args:
        split: `train` or `val`.
        size: as in `bench.data.load`.
        root: folder that holds the splits, or the `img/` and `gt/` of the split itself.
        limit: as in `bench.data.load`.
    """
    root = need_root(root, "rord")
    choose_split("rord", split, ("train", "val"))
    folder = root / split if (root / split).is_dir() else root
    fix = f"Point --data-root at the folder that holds {split}/, with img/ and gt/ in it."
    images, truths = need_layout(folder, "rord", ("img", "gt"), fix)
    pictures = find_pictures(images)
    files = [SampleFiles(key, path) for key, path in pictures.items()]
    files = pair_truths(files, find_pictures(truths), truths, pictures, limit)
    return FileDataset("rord", split, files, Labelling(), size, limit)
