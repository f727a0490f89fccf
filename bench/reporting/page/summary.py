"""The first screen of the page: which model leads, in a sentence and in a small table, by the run's main metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group, Row
from bench.reporting.analysis.verdict import ProtocolVerdict, verdict_of
from bench.reporting.formatting import NOTHING
from bench.reporting.tables.model import ORACLE_NOTE, TableEntry, entry_of

__all__ = ["Summary", "SummaryCell", "SummaryRow", "page_summary"]

_WORDS = {"leads": "leads", "tied": "tied", "untested": "best mean", "alone": ""}


@dataclass(frozen=True)
class SummaryCell:
    """A model under one protocol.

    Attributes:
        entry: its number, interval and mark, as in the tables.
        word: what the verdict says of it: `leads`, `tied`, `best mean` where nothing could be tested; else
            empty.
    """

    entry: TableEntry
    word: str


@dataclass(frozen=True)
class SummaryRow:
    """A model.

    Attributes:
        title: what it is called.
        oracle: whether it is given true labels, and so has no place.
        cells: one a protocol.
    """

    title: str
    oracle: bool
    cells: tuple[SummaryCell, ...]


@dataclass(frozen=True)
class Summary:
    """The verdict of a run.

    Attributes:
        text: in a sentence.
        column: the metric that it is by.
        protocols: names, in the order of the run.
        rows: models by their mean place over the protocols, oracles last.
        notes: what a reader must know of order and words.
    """

    text: str
    column: Column
    protocols: tuple[str, ...]
    rows: tuple[SummaryRow, ...]
    notes: tuple[str, ...]


def page_summary(analysis: RunAnalysis) -> Summary | None:
    """The verdict by the run's main metric; None when no ranked model has a number."""
    verdict = verdict_of(analysis)
    if verdict is None:
        return None
    column = verdict.column
    judged = {one.protocol: one for one in verdict.protocols}
    groups = [analysis.groups[protocol] for protocol in judged]
    rows = [
        SummaryRow(
            model.title,
            model.oracle,
            tuple(_cell(group.rows[place], column, judged[group.name]) for group in groups),
        )
        for place, model in enumerate(analysis.models)
    ]
    places = [_mean_place(place, column, groups) for place in range(len(rows))]
    order = sorted(range(len(rows)), key=lambda place: (rows[place].oracle, places[place]))
    notes = _notes(len(groups), {cell.word for row in rows for cell in row.cells}, any(row.oracle for row in rows))
    return Summary(verdict.text, column, tuple(judged), tuple(rows[place] for place in order), notes)


def _cell(row: Row, column: Column, judged: ProtocolVerdict) -> SummaryCell:
    word = _WORDS[judged.outcome] if row.model.title in judged.models else ""
    return SummaryCell(entry_of(row, column), word)


def _mean_place(place: int, column: Column, groups: Sequence[Group]) -> float:
    """Mean over the protocols of how many ranked models have a better number; one without a number comes last."""
    better = 0
    for group in groups:
        costs = [_cost(row, column) for row in group.rows if not row.model.oracle]
        better += sum(cost < _cost(group.rows[place], column) for cost in costs)
    return better / len(groups)


def _cost(row: Row, column: Column) -> float:
    score = row.scores.get(column.key)
    if score is None or entry_of(row, column).text == NOTHING:
        return float("inf")
    sign = -1.0 if column.higher_is_better else 1.0
    return sign * (float("inf") if score.value is None else score.value)


def _notes(protocols: int, words: set[str], oracles: bool) -> tuple[str, ...]:
    order = "Models stand in the order of their means" + (
        "; with several protocols, in that of their mean place." if protocols > 1 else "."
    )
    ties = "Tied: a paired test over pictures cannot tell the model from the best one, which is bold."
    return tuple(filter(None, (order, ties if "tied" in words else "", ORACLE_NOTE if oracles else "")))
