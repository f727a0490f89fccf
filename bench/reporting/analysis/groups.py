"""Models side by side under one condition: what a section of a table and a panel of a plot show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.records import Score
from bench.reporting.analysis.models import ListedModel
from bench.reporting.analysis.values import Floats
from bench.reporting.titles import protocol_title

__all__ = ["Group", "Mark", "Row"]

Mark = Literal["", "best", "second"]
"""`second`: not distinguishable from the best, or simply next to it where that could not be tested."""


@dataclass(frozen=True)
class Row:
    """A model under one condition.

    Attributes:
        model: which one.
        counts: scored, failed and skipped samples, or None when the cell is missing.
        scores: by column key.
        holes: hash of the holes that the model was given.
        marks: column key to the model's rank in its group; empty before the group is ranked.
        untested: column key to why the model could not be tested against the best.
    """

    model: ListedModel
    counts: tuple[int, int, int] | None
    scores: Mapping[str, Score]
    holes: str = ""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    untested: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """M rows under one condition, and the values behind their scores.

    Attributes:
        name: of the condition: a protocol, a class, a share of missing pixels.
        hole_share: mean share of missing pixels (0 to 1), or None.
        rows: in the order of the run; oracles last in a table.
        values: column key to float64 [M, N], in the order of the run.
        pictures: what each of the N samples was cut from.
        tested: keys of the columns with a test against the best.
    """

    name: str
    hole_share: float | None
    rows: tuple[Row, ...]
    values: Mapping[str, Floats] = field(default_factory=dict, repr=False)
    pictures: tuple[str, ...] = field(default=(), repr=False)
    tested: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """`center-50@1, 25.0 % missing`."""
        return protocol_title(self.name, self.hole_share)
