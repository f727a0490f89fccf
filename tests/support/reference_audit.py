"""Keeps audits and writes their tables into the page: `python -m tests.support.reference_audit OUT REMOVALS`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from bench.records.audit import AuditRecord, read_audit
from bench.reporting.audit import audit_table
from bench.reporting.tables.markdown import markdown_grid
from tests.support.reference import copy

__all__ = ["KEPT", "PAGE", "tables_of", "with_tables"]

KEPT = {"completion": Path("results/reference/audit"), "removal": Path("results/reference/audit-removal")}
PAGE = Path("docs/reference/metric-audit.md")
_FILES = ("audit.json", "plots/overview.png", "plots/psnr.png", "plots/judge-miou.png", "plots/seam-colour.png")


def tables_of(record: AuditRecord) -> str:
    """Both tables of an audit as a page shows them: without intervals and notes."""
    table = audit_table(record)
    heads = [table.row_title, *(column.title for column in table.columns)]
    parts = []
    for group in table.groups:
        rows = [[row.model.title, *(entry.text for entry in table.entries(row))] for row in group.rows]
        parts.append(f"{group.title}:\n\n{markdown_grid(heads, rows)}\n")
    return "\n".join(parts)


def with_tables(page: str, task: str, text: str) -> str:
    """The page with the tables of an audit between its marks."""
    start, end = f"<!-- audit of {task}: written by `make reference-audit` -->\n", f"<!-- end of {task} -->\n"
    head, _, rest = page.partition(start)
    return head + start + text + end + rest.partition(end)[2]


def make_small(picture: Path) -> None:
    """Write a plot again in 64 colours, a third of its bytes."""
    small = Image.open(picture).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


def main(outs: list[str]) -> None:
    """Copy what is kept of audits, and write their tables into the page."""
    for out in map(Path, outs):
        record = read_audit(out)
        files = _FILES if record.info.task == "completion" else _FILES[:2]
        copy([out / name for name in files if (out / name).exists()], out, KEPT[record.info.task])
        for picture in KEPT[record.info.task].rglob("*.png"):
            make_small(picture)
        text = with_tables(PAGE.read_text(encoding="utf-8"), record.info.task, tables_of(record))
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
