"""Copies what is kept of a run, and writes its table into the pages that show it:
`python -m tests.support.reference RUN KEPT`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.records import ModelInfo, Run, Score, read_run
from tests.support.compact import compact
from tests.support.guidance_tables import guidance_tables

KEPT = ("run.json", "cells/**/*.jsonl", "cells/**/cell.json", "cells/**/done", "tables/*.*")
PICTURES = "gallery/overall.png"
COLUMNS = {"psnr.hole": "", "judge-boundary-f.hole": ", judged F"}
ROWS = {
    "README.md": (
        "telea",
        "patchmatch",
        "deepfill-v2-adversarial",
        "spgnet:unguided",
        "spgnet",
        "spgnet:oracle-labels",
        "spgnet:unguided?sharp=true",
        "spgnet?sharp=true",
    )
}
"""Rows of the table of a page, in this order; other pages show all rows."""

PLOTS = tuple(f"plots/{name}.png" for name in ("hole-share", "intervals", "critical-difference", "edits"))


def keep(out: Path, kept: Path) -> None:
    """Copy what is kept of a run, made small."""
    info = read_run(out).info
    own = info.dataset.name == "streets"  # pictures of others are not ours to keep
    earlier = {file for file in out.glob("cells/*/*/**/*") if not _is_of(file.relative_to(out), info.models)}
    patterns = (*KEPT, *PLOTS, *([PICTURES] if own else []))
    copy({file for pattern in patterns for file in out.glob(pattern)} - earlier, out, kept)
    compact(kept)


def copy(files: Iterable[Path], out: Path, kept: Path) -> None:
    """Files under `out` to the same places under `kept`, which is emptied before."""
    shutil.rmtree(kept, ignore_errors=True)
    for file in files:
        target = kept / file.relative_to(out)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _is_of(cell: Path, models: Sequence[ModelInfo]) -> bool:
    """Whether `cells/MODEL/FINGERPRINT/...` is of the run's models as they are now."""
    return any(model.fingerprint.startswith(cell.parts[2]) for model in models)


def table(run: Run, page: str) -> str:
    """What a page shows of a run, in Markdown.

    Of a run with edited label maps, guidance. Else PSNR and the judge's boundary F by model and protocol, whichever of
    COLUMNS the run has.
    """
    if "edit-size.hole" in run.info.metrics:
        return guidance_tables(run)
    measured = [(name, title) for name, title in COLUMNS.items() if name in run.info.metrics]
    protocols = run.info.protocols
    heads = [f"{protocol}{title}" for protocol in protocols for _, title in measured]
    lines = ["| model | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(heads)]
    for row in ROWS.get(page, [model.name for model in run.info.models]):
        cells = [cell for key, cell in run.cells.items() if key.model == row]
        texts = [_text(cell.metrics[name]) for cell in cells for name, _ in measured]
        lines.append(f"| {row} | " + " | ".join(texts) + " |")
    return "\n".join(lines) + "\n"


def _text(score: Score) -> str:
    if score.value is None or score.ci95 is None:
        return ""
    return f"{score.value:.{2 if score.unit == 'dB' else 1}f} [{score.ci95[0]:.1f}, {score.ci95[1]:.1f}]"


def with_table(page: str, name: str, text: str) -> str:
    """The page with `text` between the marks of the kept run `name`."""
    start, end = f"<!-- {name}: written by `make reference` -->\n", f"<!-- end of {name} -->\n"
    head, _, rest = page.partition(start)
    return head + start + text + end + rest.partition(end)[2]


def show(kept: Path) -> None:
    """Write the table of a kept run into the pages that show it."""
    for page in [Path("README.md"), *Path("docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        if f"<!-- {kept.name}: written by" in text:
            page.write_text(with_table(text, kept.name, table(read_run(kept), page.as_posix())), encoding="utf-8")


if __name__ == "__main__":
    out, kept = map(Path, sys.argv[1:])
    keep(out, kept)
    show(kept)
