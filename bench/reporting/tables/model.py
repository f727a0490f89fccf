"""What a table consists of before it has a format. All texts are plain and not escaped.

Four writers print a `Table`: `markdown`, `latex`, `html` and `csv`. How its numbers are rounded is decided in
`bench.reporting.formatting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group, Mark, Row
from bench.reporting.formatting import NOTHING, interval_text, score_text
from bench.reporting.tables.published import Published
from bench.statistics import INTERVAL

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ORACLE_NOTE", "Table", "TableEntry", "entry_of", "oracles_last"]

ORACLE_NOTE = "Oracle rows are given labels of the truth and are not ranked."

_PARAMETERS, _MULTIPLY_ADDS = "params M", "mult-adds G"


@dataclass(frozen=True)
class TableEntry:
    """One number of a table as it is shown.

    Attributes:
        text: the number, `exact` when all values are infinitely good, or a dash when there is none.
        interval: `[lo, hi]`, or empty.
        mark: rank within its column and group: the best is bold, the second underlined.
    """

    text: str
    interval: str = ""
    mark: Mark = ""


@dataclass(frozen=True)
class Table:
    """Everything that a writer prints.

    Attributes:
        title: of the data set.
        columns: the metrics and costs.
        groups: rows that compete with one another: one a protocol, a class or a hole share.
        notes: foot notes, of which the first explains the marks if there are any.
        signatures: column title and signature.
        name: what it is about, as its files are called.
        numbers: makes the unrounded numbers behind it, in long format.
        row_title: what a row is.
        has_sizes: whether the sizes of the models stand behind the scores, where they are known.
        published: figures of papers, each block below the group of its name.
    """

    title: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    signatures: tuple[tuple[str, str], ...]
    name: str
    numbers: Callable[[], pd.DataFrame] = field(repr=False, compare=False)
    has_sizes: bool = False
    row_title: str = "model"
    published: tuple[Published, ...] = ()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Those of all groups."""
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def has_oracles(self) -> bool:
        """Whether some row is given true labels."""
        return any(row.model.oracle for row in self.rows)

    @cached_property
    def interval_notes(self) -> tuple[str, ...]:
        """How the 95 % intervals in brackets are taken, and of how many source pictures; none without an interval."""
        return tuple(_interval_notes(self.columns, self.rows))

    @property
    def marked(self) -> bool:
        """Whether some number is bold or underlined."""
        return any(entry.mark for row in self.rows for entry in self.entries(row))

    @property
    def tested(self) -> bool:
        """Whether underlined rows were tested against the best."""
        return any(column.key in group.tested for group in self.groups for column in self.columns)

    def published_below(self, group: Group) -> list[Published]:
        """The figures that stand below a group."""
        return [block for block in self.published if block.group == group.name]

    def entries(self, row: Row) -> list[TableEntry]:
        """The numbers of a row, one a column."""
        return [entry_of(row, column) for column in self.columns]

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Names of the columns behind the scores: failed, skipped and sizes only where there are any."""
        counts = [row.counts for row in self.rows if row.counts]
        sized = self.has_sizes and any(row.model.size for row in self.rows)
        shown = {
            "n": True,
            "failed": any(count[1] for count in counts),
            "skipped": any(count[2] for count in counts),
            _PARAMETERS: sized,
            _MULTIPLY_ADDS: sized,
        }
        return tuple(name for name, there in shown.items() if there)

    def facts_of(self, row: Row) -> list[str]:
        """The texts of those columns in a row."""
        size = row.model.size
        counts = [NOTHING] * 3 if row.counts is None else [str(count) for count in row.counts]
        sizes = [f"{size.parameters / 1e6:.2f}", f"{size.multiply_adds / 1e9:.2f}"] if size else [NOTHING] * 2
        names = ("n", "failed", "skipped", _PARAMETERS, _MULTIPLY_ADDS)
        texts = dict(zip(names, counts + sizes, strict=True))
        return [texts[name] for name in self.facts]


def entry_of(row: Row, column: Column) -> TableEntry:
    """The number of a row in a column."""
    score = row.scores.get(column.key)
    mark = row.marks.get(column.key, "")
    return TableEntry(score_text(score, column.decimals), interval_text(score, column.decimals), mark)


def oracles_last(group: Group) -> Group:
    """The group in the order in which a table lists it."""
    return replace(group, rows=tuple(sorted(group.rows, key=lambda row: row.model.oracle)))


def _interval_notes(columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[str]:
    found = [(column, row.scores[column.key]) for row in rows for column in columns if column.key in row.scores]
    shown = [(column, score) for column, score in found if score.value is not None and score.ci95]
    counts = sorted({score.n_pictures for _, score in shown if score.interval == INTERVAL})
    if counts:
        n = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
        yield f"In brackets the 95 % interval of the mean over {n} source pictures: {INTERVAL}."
    others = {(column.title, score.interval) for column, score in shown if score.interval not in {"", INTERVAL}}
    yield from (f"{title}: in brackets the 95 % interval of the value: {method}." for title, method in sorted(others))
