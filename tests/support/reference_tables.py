"""Makes tables and plots of kept runs again from their records: `python -m tests.support.reference_tables [RUN ...]`.

Without arguments, of every run in results/reference. Pages that show the table of a kept run get the new one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.compact import compact
from tests.support.reference import show

__all__ = ["make_again"]

REFERENCE = Path("results/reference")
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


def main(folders: list[str]) -> None:
    """Write the kept runs in these folders again, or all of them."""
    for kept in map(Path, folders) if folders else sorted(file.parent for file in REFERENCE.glob("*/run.json")):
        make_again(kept)
        compact(kept)
        show(kept)


if __name__ == "__main__":
    main(sys.argv[1:])
