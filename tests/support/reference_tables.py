"""Makes tables and plots of kept runs again from their records: `python -m tests.support.reference_tables [RUN ...]`.

Without arguments, of every run in results/reference. A kept run is small: tables of all protocols together, pictures in
256 colours, and the records in one file, except in `quick`, whose cells the regression gate reads.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from bench.records import RunLayout
from bench.records.store import pack_cells

__all__ = ["compact", "make_again"]

REFERENCE = Path("results/reference")
QUICK = "quick"
TABLES = ("overall", "boundary", "by-class", "hole-share", "paper")
PLOTS = ("hole-share", "intervals", "critical-difference")
GUIDANCE = ("spgnet:unguided", "spgnet")
"""Whose comparison `guidance.md` is."""


def spgbench(*arguments: str | Path) -> None:
    """Run a command; raises CalledProcessError when it fails."""
    subprocess.run([sys.executable, "-m", "bench", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def make_again(kept: Path) -> None:
    """Write the tables and plots of a kept run again."""
    paper = (kept / "tables" / "paper.md").exists()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / kept.name
        shutil.copytree(kept, out)
        spgbench("report", out)
        if paper:
            spgbench("report", out, "--layout", "paper", "--intervals")
        for name in ("tables", "plots"):
            shutil.rmtree(kept / name)
            shutil.copytree(out / name, kept / name)
    page = kept / "guidance.md"
    if page.exists():
        spgbench("compare", *(f"{kept}:{model}" for model in GUIDANCE), "--markdown", page)


def compact(kept: Path) -> None:
    """Drop what `spgbench report` makes again, and write the rest small."""
    keep = {f"{name}.md" for name in TABLES} | {f"{name}.png" for name in PLOTS}
    if kept.name == QUICK:
        keep |= {f"overall{suffix}" for suffix in (".csv", ".tex", ".html")}
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


def main(folders: list[str]) -> None:
    """Write the kept runs in these folders again, or all of them."""
    for kept in map(Path, folders) if folders else sorted(file.parent for file in REFERENCE.glob("*/run.json")):
        make_again(kept)
        compact(kept)


if __name__ == "__main__":
    main(sys.argv[1:])
