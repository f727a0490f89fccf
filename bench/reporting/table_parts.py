"""What a table consists of, before it has a format. All texts are plain and not escaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.reporting.naming import NOTHING, metric_title, protocol_title

__all__ = ["Column", "Entry", "Group", "Mark", "Row", "Table"]

Mark = Literal["", "best", "second"]
"""`second`: not distinguishable from the best, or simply next to it where that could not be tested."""


@dataclass(frozen=True)
class Column:
    """A `metric.region`.

    Attributes:
        key: `psnr.hole`.
        unit: `dB`, `%` or empty.
        higher_is_better: None while no cell is whole.
        decimals: digits after the point, the same in all tables of a run.
    """

    key: str
    unit: str
    higher_is_better: bool | None
    decimals: int

    @property
    def title(self) -> str:
        """`PSNR hole`."""
        return metric_title(self.key)

    @property
    def arrow(self) -> str:
        """Where better is."""
        return {True: "↑", False: "↓", None: ""}[self.higher_is_better]


@dataclass(frozen=True)
class Entry:
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
class Row:
    """A model in a group.

    Attributes:
        model: what it is called.
        oracle: whether it was given true labels; such rows stand apart and are not ranked.
        counts: scored, failed and skipped samples, or None when the cell is missing.
        entries: one a column.
    """

    model: str
    oracle: bool
    counts: tuple[int, int, int] | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Group:
    """Rows that compete with one another, oracles last.

    Attributes:
        protocol: whose rows they are; of a table by hole share, the share.
        hole_share: mean share of missing pixels (0 to 1), or None.
        rows: a model each.
    """

    protocol: str
    hole_share: float | None
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """`center-50@1, 25.0 % missing`."""
        return protocol_title(self.protocol, self.hole_share)


@dataclass(frozen=True)
class Table:
    """Everything that a format prints.

    Attributes:
        title: of the data set.
        columns: as in every row's entries.
        groups: one a protocol, or one a hole share.
        notes: foot notes, of which the first explains the marks if there are any.
        signatures: column title and signature.
        name: what it is about, as its files are called.
        tested: whether underlined rows were tested against the best.
    """

    title: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    signatures: tuple[tuple[str, str], ...]
    name: str = "overall"
    tested: bool = False

    @property
    def counts(self) -> tuple[str, ...]:
        """Names of the count columns: failed and skipped only where there are any."""
        rows = [row.counts for group in self.groups for row in group.rows if row.counts]
        return ("n", *(name for index, name in ((1, "failed"), (2, "skipped")) if any(row[index] for row in rows)))

    def counts_of(self, row: Row) -> list[str]:
        """The texts of the count columns of a row."""
        if row.counts is None:
            return [NOTHING] * len(self.counts)
        return [str(dict(zip(("n", "failed", "skipped"), row.counts, strict=True))[name]) for name in self.counts]
