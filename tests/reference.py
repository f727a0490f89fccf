"""Copies what is kept of a run, and writes its table into the README: `python tests/reference.py RUN KEPT README`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bench.records import Run, read_run

KEPT = ("run.json", "cells/**/*.jsonl", "cells/**/cell.json", "cells/**/done", "tables/*.*", "gallery/overall.png")
PLOTS = tuple(f"plots/{name}.png" for name in ("hole-share", "intervals", "critical-difference"))
START, END = "<!-- quick: written by `make reference` -->\n", "<!-- end of quick -->\n"


def keep(out: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    for pattern in (*KEPT, *PLOTS):
        for file in out.glob(pattern):
            target = kept / file.relative_to(out)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def table(run: Run) -> str:
    """Hole PSNR by model and protocol, in Markdown."""
    protocols = run.info["protocols"]
    lines = ["| model | " + " | ".join(protocols) + " |", "|---|" + "--:|" * len(protocols)]
    for model in run.info["models"]:
        cells = [cell for key, cell in run.cells.items() if key.model == model["name"]]
        scores = [cell.metrics["psnr.hole"] for cell in cells]
        texts = [f"{s.value:.2f} [{s.ci95[0]:.1f}, {s.ci95[1]:.1f}]" for s in scores if s.value and s.ci95]
        lines.append(f"| {model['name']} | " + " | ".join(texts) + " |")
    return "\n".join(lines) + "\n"


def with_table(page: str, text: str) -> str:
    """The page with `text` between its marks."""
    head, _, rest = page.partition(START)
    return head + START + text + END + rest.partition(END)[2]


if __name__ == "__main__":
    out, kept, readme = map(Path, sys.argv[1:])
    keep(out, kept)
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), table(read_run(kept))), encoding="utf-8")
