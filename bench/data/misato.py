"""MISATO (Wang et al., "ASUKA", CVPR 2025): pictures of four kinds with a mask each, at 512 and at 1024 pixels.

Layout and the numbers of each kind: README of Yikai-Wang/asuka-misato. It could not be checked against the files.
"""

from __future__ import annotations

from pathlib import Path

from bench.data.files import FileDataset, Labelling, SampleFiles
from bench.data.listing import choose_split, need_layout, need_root
from bench.errors import DataError
from bench.image_files.finding import find_pictures, some
from bench.image_files.sizes import Size

__all__ = ["load"]

_KINDS = {
    "test": range(2000),
    "landscape": range(500),
    "indoor": range(500, 1000),
    "building": range(1000, 1500),
    "background": range(1500, 2000),
}
"""Numbers of the pictures of each split. The folder of 1024 pixels ends with the buildings."""


def load(split: str, size: Size | None, root: Path | None, limit: int | None) -> FileDataset:
    """Read `image/NNNN.png`; `test` has all kinds, the other splits one each. Masks come by `files:DIR/mask`.

    Args:
        split: `test`, `landscape`, `indoor`, `building` or `background`.
        size: as in `bench.data.load`.
        root: folder of one resolution.
        limit: as in `bench.data.load`.
    """
    root = need_root(root, "misato")
    numbers = _KINDS[choose_split("misato", split, _KINDS)]
    fix = "Point --data-root at the folder of one resolution, which holds image/ and mask/."
    (folder,) = need_layout(root, "misato", ("image",), fix)
    pictures = find_pictures(folder, suffixes=(".png",))
    known = {str(number).zfill(4) for number in _KINDS["test"]}
    if others := [key for key in pictures if key not in known]:
        raise DataError(f"folder {folder}", "hold 0000.png to 1999.png", some(others), "Move other pictures away.")
    files = [SampleFiles(key, path) for key, path in pictures.items() if int(key) in numbers]
    return FileDataset("misato", split, files, Labelling(), size, limit)
