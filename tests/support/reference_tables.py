"""Makes tables and plots of kept runs again from their records: `python -m tests.support.reference_tables [RUN ...]`.

Without arguments, of every run in results/reference. Only files that are kept are written again, in place. Records of
every run but `quick`, whose cells the regression gate reads, are packed into one file.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.records import RunLayout
from bench.records.store import pack_cells

__all__ = ["make_again", "pack"]

REFERENCE = Path("results/reference")
GUIDANCE = ("spgnet:unguided", "spgnet")
"""Whose comparison `guidance.md` is."""


def spgbench(*arguments: str | Path) -> None:
    """Run a command; raises CalledProcessError when it fails."""
    subprocess.run([sys.executable, "-m", "bench", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def pack(kept: Path) -> None:
    """Put the records of all cells into one file, in place of the folder `cells`."""
    layout = RunLayout(kept)
    if layout.cells.exists():
        pack_cells(layout, layout.packed_cells)
        shutil.rmtree(layout.cells)


def make_again(kept: Path) -> None:
    """Write every table and plot that is kept of a run again."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / kept.name
        shutil.copytree(kept, out)
        spgbench("report", out)
        if (kept / "tables" / "paper.md").exists():
            spgbench("report", out, "--layout", "paper", "--intervals")
        for file in sorted([*kept.glob("tables/*"), *kept.glob("plots/*")]):
            shutil.copyfile(out / file.relative_to(kept), file)
    page = kept / "guidance.md"
    if page.exists():
        spgbench("compare", *(f"{kept}:{model}" for model in GUIDANCE), "--markdown", page)


def main(folders: list[str]) -> None:
    """Pack and write again the kept runs in these folders, or all of them."""
    for kept in map(Path, folders) if folders else sorted(file.parent for file in REFERENCE.glob("*/run.json")):
        if kept.name != "quick":
            pack(kept)
        make_again(kept)


if __name__ == "__main__":
    main(sys.argv[1:])
