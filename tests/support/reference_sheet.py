"""Writes a sheet of fills small, for a page: `python -m tests.support.reference_sheet SHEET PAGE_PICTURE`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from tests.support.compact import quantize

_WIDTH = 2000


def shrink(sheet: Path, picture: Path) -> None:
    """The sheet at 2,000 pixels of width, in 256 colours."""
    with Image.open(sheet) as full:
        small = full.convert("RGB").resize((_WIDTH, round(full.height * _WIDTH / full.width)), Image.Resampling.LANCZOS)
    small.save(picture)
    quantize(picture)


if __name__ == "__main__":
    shrink(*map(Path, sys.argv[1:]))
