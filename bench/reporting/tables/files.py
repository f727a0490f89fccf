"""All tables of a run as files, one table a question, each in four formats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.records import RunLayout, folder_name, write_atomically
from bench.records.profile import Profile
from bench.reporting.analysis import RunAnalysis
from bench.reporting.tables.by_class import class_table
from bench.reporting.tables.by_hole_share import hole_share_table
from bench.reporting.tables.cost import cost_table
from bench.reporting.tables.csv import csv_table
from bench.reporting.tables.edits import edit_class_table, edit_table
from bench.reporting.tables.evaluators import evaluator_tables
from bench.reporting.tables.html import html_table
from bench.reporting.tables.latex import latex_table
from bench.reporting.tables.main_table import boundary_table, build_main_table
from bench.reporting.tables.markdown import markdown_table
from bench.reporting.tables.model import Table

__all__ = ["write_table", "write_tables"]


def write_tables(analysis: RunAnalysis, *, intervals: bool = False, profile: Profile | None = None) -> list[Path]:
    """Write the tables under `tables/` and return the paths.

    `overall` and one a protocol: quality by protocol. `boundary`: at label boundaries, with a metric there.
    `hole-share`: by share of missing pixels, with a metric of the hole.
    `by-class`: with a metric by class. `edits`, `edits-by-class`: with edited label maps. `cost`: beside quality, with
    a profile. `as-<evaluator>`: under its rules, with evaluators in the analysis.

    Args:
        analysis: of the run.
        intervals: whether LaTeX tables, too, carry 95 % intervals; Markdown and HTML always do.
        profile: what the models cost, if it is known.
    """
    layout = analysis.run.layout
    tables = _tables(analysis, profile)
    return [path for name, table in tables for path in write_table(layout, name, table, intervals=intervals)]


def write_table(
    layout: RunLayout, name: str, table: Table, *, intervals: bool, intervals_in_text: bool = True
) -> list[Path]:
    """Write `tables/<name>.*` and return the paths.

    Args:
        layout: of the run.
        name: of the files.
        table: what to print.
        intervals: whether LaTeX carries 95 % intervals.
        intervals_in_text: whether Markdown and HTML do.
    """
    texts = {
        "md": markdown_table(table, intervals=intervals_in_text),
        "tex": latex_table(table, intervals=intervals),
        "html": html_table(table, intervals=intervals_in_text),
        "csv": csv_table(table),
    }
    paths = [layout.tables / f"{name}.{suffix}" for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_atomically(path, text)
    return paths


def _tables(analysis: RunAnalysis, profile: Profile | None) -> Iterator[tuple[str, Table]]:
    """File name and table."""
    protocols = list(analysis.run.info.protocols)
    yield "overall", build_main_table(analysis, protocols)
    for protocol in protocols:
        yield folder_name(protocol), build_main_table(analysis, [protocol])
    others = [
        boundary_table(analysis),
        hole_share_table(analysis),
        class_table(analysis),
        edit_table(analysis),
        edit_class_table(analysis),
        cost_table(analysis, profile) if profile else None,
    ]
    yield from ((table.name, table) for table in others if table)
    yield from ((table.name, table) for table in evaluator_tables(analysis))
