"""All tables of a run as files: Markdown, LaTeX and CSV, one of each a protocol and one overall."""

from __future__ import annotations

from pathlib import Path

from bench.records import Run, folder_name, write_atomically
from bench.reporting.frame import scores_frame
from bench.reporting.latex import latex
from bench.reporting.markdown import markdown
from bench.reporting.table import build_table

__all__ = ["write_tables"]


def write_tables(run: Run) -> list[Path]:
    """Write `tables/overall.*` and `tables/<protocol>.*`; returns the paths."""
    protocols: list[str] = run.info["protocols"]
    scores = scores_frame(run)
    written = []
    for name, chosen in (("overall", protocols), *((folder_name(protocol), [protocol]) for protocol in protocols)):
        table = build_table(run, chosen)
        csv = scores[scores["protocol"].isin(chosen)].to_csv(index=False, lineterminator="\n")
        for suffix, text in (("md", markdown(table)), ("tex", latex(table)), ("csv", csv)):
            path = run.layout.tables / f"{name}.{suffix}"
            write_atomically(path, text)
            written.append(path)
    return written
