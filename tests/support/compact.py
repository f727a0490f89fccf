"""Makes a reference run small: tables of all protocols together, pictures in 256 colours, the records in one file.

The records of `quick` stay as they are: the regression gate reads its cells.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from bench.records import RunLayout
from bench.records.store import pack_cells

__all__ = ["compact"]

QUICK = "quick"
TABLES = ("overall", "boundary", "by-class", "hole-share", "paper", "edits", "edits-by-class")
PLOTS = ("hole-share", "intervals", "critical-difference", "edits")


def compact(kept: Path) -> None:
    """Drop what `spgbench report` makes again, and write the rest small."""
    keep = {f"{name}.md" for name in TABLES} | {f"{name}.png" for name in PLOTS}
    for file in [*kept.glob("tables/*"), *kept.glob("plots/*")]:
        if file.name not in keep:
            file.unlink()
    if kept.name != QUICK:
        shutil.rmtree(kept / "gallery", ignore_errors=True)
        pack(kept)
    for file in [*kept.glob("plots/*.png"), *kept.glob("gallery/*.png")]:
        quantize(file)


def pack(kept: Path) -> None:
    """Put the records of all cells into one file, in place of the folder `cells`."""
    layout = RunLayout(kept)
    if layout.cells.exists():
        pack_cells(layout, layout.packed_cells)
        shutil.rmtree(layout.cells)


def quantize(file: Path) -> None:
    """Write a picture in 256 colours; one that has no more is left as it is."""
    with Image.open(file) as picture:
        if picture.mode == "P":
            return
        small = picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT)
    small.save(file, optimize=True)
