"""TextEraseBench (Zhou et al., "OSOR", ECCV 2026): 185 pictures with text, and the same scenes without it.

Layout: the data set's card (huggingface.co/datasets/QinmingZhou/TextEraseBench) names `shot/`, the pictures with text,
`bg/`, the clean ones, and a mask of each. That a picture, its truth and its mask have one name is how the authors' code
pairs them (Zhouqm-Git/osor, SAVP/README.md); it could not be checked against the files.
"""

from __future__ import annotations

import logging
from pathlib import Path

from bench.data.files import FileDataset, Labelling, SampleFiles
from bench.data.listing import choose_split, need_layout, need_root, pair_truths
from bench.image_files.finding import find_pictures
from bench.image_files.sizes import Size

__all__ = ["load"]

_COUNT = 185


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read `shot/` and, as truths, `bg/`. The one split is `test`; masks come by `files:`."""
    name = "texterasebench"
    root = need_root(root, name)
    choose_split(name, split, ("test",))
    shots, truths = need_layout(root, name, ("shot", "bg"), "Point --data-root at the folder that holds shot/ and bg/.")
    pictures = find_pictures(shots)
    if len(pictures) != _COUNT:
        logging.getLogger("bench").warning("%s has %d pictures, and %s holds %d", name, _COUNT, shots, len(pictures))
    files = [SampleFiles(key, path) for key, path in pictures.items()]
    files = pair_truths(files, find_pictures(truths), truths, pictures, limit)
    return FileDataset(name, split, files, Labelling(), size, limit)
