"""What a table consists of, before it has a format. All texts are plain and not escaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.reporting.naming import NOTHING, metric_title, protocol_title

__all__ = ["Column", "Entry", "Group", "Mark", "Row", "Table"]

_PARAMETERS, _MULTIPLY_ADDS = "params M", "mult-adds G"

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
        size: parameters, and multiply-adds of a picture; None where they are not known.
    """

    model: str
    oracle: bool
    counts: tuple[int, int, int] | None
    entries: tuple[Entry, ...]
    size: tuple[int, int] | None = None


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
    def facts(self) -> tuple[str, ...]:
        """Names of the columns behind the scores: failed, skipped and sizes only where there are any."""
        rows = [row for group in self.groups for row in group.rows]
        counts, sized = [row.counts for row in rows if row.counts], any(row.size for row in rows)
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
        counts = [NOTHING] * 3 if row.counts is None else [str(count) for count in row.counts]
        sizes = [NOTHING] * 2 if row.size is None else [f"{row.size[0] / 1e6:.2f}", f"{row.size[1] / 1e9:.2f}"]
        names = ("n", "failed", "skipped", _PARAMETERS, _MULTIPLY_ADDS)
        texts = dict(zip(names, counts + sizes, strict=True))
        return [texts[name] for name in self.facts]
