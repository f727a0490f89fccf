"""The tables of the page: one a protocol, by class and of cost, with what is needed to choose columns and to sort."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bench.records import folder_name
from bench.records.profile import Profile
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.formatting import INFINITE, NOTHING
from bench.reporting.tables.by_class import class_table
from bench.reporting.tables.cost import cost_table
from bench.reporting.tables.edits import edit_class_table, edit_table
from bench.reporting.tables.evaluators import evaluator_tables
from bench.reporting.tables.main_table import build_main_table
from bench.reporting.tables.model import Table

__all__ = ["PageTables", "TableSection", "page_tables", "sort_value"]


@dataclass(frozen=True)
class TableSection:
    """One table of the page.

    Attributes:
        id: of its element.
        title: over it.
        table: what it shows.
        copied: name of the files behind its copy buttons; empty: it has none.
    """

    id: str
    title: str
    table: Table
    copied: str

    @property
    def by_class(self) -> bool:
        """Whether every group can be folded up, and all but the first one are."""
        return self.id == "by-class"

    @property
    def chosen(self) -> bool:
        """Whether the reader chooses its columns; those of the others stay."""
        return self.id.startswith(("protocol-", "by-class"))


@dataclass(frozen=True)
class PageTables:
    """All tables of the page, and what can be chosen in them.

    Attributes:
        metrics, regions: value of a checkbox to its title.
        sections: in order.
    """

    metrics: dict[str, str]
    regions: dict[str, str]
    sections: tuple[TableSection, ...]


def page_tables(analysis: RunAnalysis, copied: Collection[str], profile: Profile | None = None) -> PageTables:
    """A section a protocol, and where there are such numbers one by class and one of cost.

    Args:
        analysis: of the run.
        copied: names of the tables whose files the page carries.
        profile: what the models cost, if it is known.
    """
    by_class = class_table(analysis)
    columns = [*build_main_table(analysis).columns, *(by_class.columns if by_class else ())]
    sections = [
        *_by_protocol(analysis),
        *([("by-class", "By class", by_class, "by-class")] if by_class else []),
        *((table.name, table.title, table, table.name) for table in _edits(analysis)),
        *_cost(analysis, profile),
        *((table.name, table.title, table, table.name) for table in evaluator_tables(analysis)),
    ]
    return PageTables(
        metrics={column.metric: column.metric_title for column in columns},
        regions={column.region: column.region for column in columns},
        sections=tuple(
            TableSection(id_, title, table, name if name in copied else "") for id_, title, table, name in sections
        ),
    )


def _edits(analysis: RunAnalysis) -> Iterator[Table]:
    return (table for table in (edit_table(analysis), edit_class_table(analysis)) if table)


def sort_value(column: Column, text: str) -> str:
    """What a script reads as a number; empty when there is none."""
    infinite = "Infinity" if column.higher_is_better else "-Infinity"
    return {NOTHING: "", "exact": infinite, INFINITE: "Infinity"}.get(text, text)


def _by_protocol(analysis: RunAnalysis) -> Iterator[tuple[str, str, Table, str]]:
    for place, protocol in enumerate(analysis.run.info.protocols):
        table = build_main_table(analysis, [protocol])
        yield f"protocol-{place}", table.groups[0].title, table, folder_name(protocol)


def _cost(analysis: RunAnalysis, profile: Profile | None) -> Iterator[tuple[str, str, Table, str]]:
    """One table, whose columns stay whatever is chosen above."""
    table = cost_table(analysis, profile) if profile else None
    if table:
        yield "cost", "Cost beside quality", table, "cost"
