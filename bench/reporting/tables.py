"""All tables of a run as files, one table a question: Markdown, LaTeX, HTML and the numbers as CSV."""

from __future__ import annotations

from pathlib import Path

from bench.errors import UnknownName, UsageError
from bench.records import Run, folder_name, write_atomically
from bench.records.profile import Profile
from bench.reporting.bin_table import bin_table
from bench.reporting.bins import bins_of
from bench.reporting.class_table import class_table
from bench.reporting.classes import classes_of
from bench.reporting.cost_table import cost_csv, cost_table
from bench.reporting.html_table import html_table
from bench.reporting.latex import latex
from bench.reporting.markdown import markdown
from bench.reporting.numbers import bin_csv, class_csv, score_csv
from bench.reporting.table import Table, build_table, shown_keys

__all__ = ["PAPER", "paper_table", "write_paper", "write_tables"]

PAPER = ("l1.full", "ssim.full", "psnr.full")
"""The columns of the comparison in the SPG-Net paper: over the whole picture, as papers print them."""


def write_tables(run: Run, *, intervals: bool = False, profile: Profile | None = None) -> list[Path]:
    """Write the tables under `tables/` and return the paths.

    `overall` and one a protocol: quality by protocol. `boundary`: at label boundaries, with a metric there.
    `hole-share`: by share of missing pixels, with a metric of the hole.
    `by-class`: with a metric by class. `cost`: beside quality, with a profile.

    Args:
        run: what was run.
        intervals: whether LaTeX tables, too, carry 95 % intervals; Markdown and HTML always do.
        profile: what the models cost, if it is known.
    """
    protocols = run.info.protocols
    written: list[Path] = []
    for name, chosen in (("overall", protocols), *((folder_name(protocol), [protocol]) for protocol in protocols)):
        numbers = score_csv(run, chosen)
        written += _write(run, name, build_table(run, chosen), numbers, intervals=intervals)
    boundary = [key for key in shown_keys(run) if key.endswith(".boundary")]
    if _measured(run, boundary):
        table = build_table(run, keys=boundary, name="boundary")
        written += _write(run, "boundary", table, score_csv(run, protocols, boundary), intervals=intervals)
    by_share = bin_table(run)
    if by_share is not None:
        written += _write(run, "hole-share", by_share, bin_csv(run, bins_of(run)), intervals=intervals)
    by_class = class_table(run)
    if by_class is not None:
        written += _write(run, "by-class", by_class, class_csv(run, classes_of(run)), intervals=intervals)
    by_cost = cost_table(run, profile) if profile else None
    if profile and by_cost is not None:
        written += _write(run, "cost", by_cost, cost_csv(run, profile), intervals=intervals)
    return written


def paper_table(run: Run, protocols: tuple[str, ...] | None = None) -> Table:
    """The layout of the SPG-Net paper's comparison: L1, SSIM and PSNR, a row a model, a block a protocol.

    Args:
        run: what was run.
        protocols: which, with or without their version, or all.

    Raises:
        UnknownName: a protocol that is not in the run.
        UsageError: when none of the three metrics was measured.
    """
    if not _measured(run, PAPER):
        raise UsageError(
            f"run {run.layout.out}", "hold L1, SSIM or PSNR of the whole picture", "none of them", "Run these metrics."
        )
    chosen = None if protocols is None else [_known_protocol(run, name) for name in protocols]
    return build_table(run, chosen, PAPER, "paper")


def write_paper(run: Run, table: Table, *, intervals: bool = False) -> list[Path]:
    """Write `tables/paper.*` and return the paths."""
    numbers = score_csv(run, [group.protocol for group in table.groups], PAPER)
    return _write(run, "paper", table, numbers, intervals=intervals, intervals_in_text=intervals)


def _write(
    run: Run, name: str, table: Table, numbers: str, *, intervals: bool, intervals_in_text: bool = True
) -> list[Path]:
    texts = {
        "md": markdown(table, intervals=intervals_in_text),
        "tex": latex(table, intervals=intervals),
        "html": html_table(table, intervals=intervals_in_text),
        "csv": numbers,
    }
    paths = [run.layout.tables / f"{name}.{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_atomically(path, text)
    return paths


def _measured(run: Run, keys: tuple[str, ...] | list[str]) -> bool:
    return any(
        key in cell.metrics and (cell.metrics[key].n or cell.metrics[key].n_infinite)
        for cell in run.cells.values()
        for key in keys
    )


def _known_protocol(run: Run, name: str) -> str:
    for protocol in run.info.protocols:
        if name in {protocol, protocol.rpartition("@")[0]}:
            return str(protocol)
    raise UnknownName("protocol of the run", name, run.info.protocols)
