"""The table of a run before it has a format: columns, ranked rows, foot notes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.records import CellKey, CellRecord, Run, Score
from bench.reporting.naming import INFINITE, NOTHING, column_order, dataset_title, is_oracle, metric_title, model_names
from bench.reporting.notes import absence_notes, failure_notes, left_out_notes, merge_signatures, missing_notes

__all__ = ["Column", "Entry", "Group", "Row", "Table", "build_table"]

Mark = Literal["", "best", "second"]

_INFINITE_COSTS = {"exact": -math.inf, INFINITE: math.inf}
_DECIMALS = {"dB": 2, "%": 2, "px": 2, "pixels": 2}


@dataclass(frozen=True)
class Column:
    """A `metric.region`.

    Attributes:
        key: `psnr.hole`.
        unit: `dB`, `%` or empty.
        higher_is_better: None while no cell is whole.
        decimals: digits after the point, the same in the whole column.
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
        mark: rank within column and protocol.
    """

    text: str
    interval: str = ""
    mark: Mark = ""


@dataclass(frozen=True)
class Row:
    """A model under a protocol.

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
    """The rows of one protocol, oracles last, and the mean share of missing pixels (0 to 1, or None)."""

    protocol: str
    hole_share: float | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """Everything that a format prints; all texts are plain and not escaped.

    Attributes:
        title: of the data set.
        columns: as in every row's entries.
        groups: one a protocol.
        notes: foot notes.
        signatures: column title and signature.
    """

    title: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    signatures: tuple[tuple[str, str], ...]

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


def build_table(run: Run, protocols: Iterable[str] | None = None) -> Table:
    """The table of `protocols`, or of all."""
    chosen = list(run.info["protocols"] if protocols is None else protocols)
    names = model_names(run)
    every = run.keys()
    keys = [key for key in every if key.protocol in chosen]
    cells = {key: run.cells[key] for key in keys if key in run.cells}
    columns = _columns(run, list(cells.values()))
    called = {key: names[key.model, key.fingerprint] for key in keys}
    groups = tuple(
        _group(run, protocol, [key for key in keys if key.protocol == protocol], columns, called) for protocol in chosen
    )
    titled = [(column.title, column.key) for column in columns]
    return Table(
        dataset_title(run),
        columns,
        groups,
        (
            *failure_notes(cells, called),
            *left_out_notes(cells, called, titled),
            *absence_notes(
                _shown(run), {column.key for column in columns}, cells, bool(run.info["dataset"]["classes"])
            ),
            *missing_notes([key for key in keys if key not in cells], called),
        ),
        tuple(merge_signatures(cells, called, titled)),
    )


def _shown(run: Run) -> list[str]:
    """The columns of a run in order; of the known region only PSNR, which tells whether known pixels are kept."""
    keys = {*run.info["metrics"], *(key for cell in run.cells.values() for key in cell.metrics)}
    return sorted((key for key in keys if not key.endswith(".known") or key == "psnr.known"), key=column_order)


def _columns(run: Run, cells: Sequence[CellRecord]) -> tuple[Column, ...]:
    if not cells:
        return tuple(Column(key, "", None, 2) for key in _shown(run))
    columns = []
    for key in _shown(run):
        scores = [cell.metrics[key] for cell in cells if key in cell.metrics]
        if any(score.value is not None or score.n_infinite for score in scores):
            columns.append(Column(key, scores[0].unit, scores[0].higher_is_better, _decimals(scores)))
    return tuple(columns)


def _decimals(scores: Sequence[Score]) -> int:
    largest = max((abs(score.value) for score in scores if score.value is not None), default=0.0)
    return _DECIMALS.get(scores[0].unit, 4 if largest < 10 else 2)


def _group(
    run: Run, protocol: str, keys: Sequence[CellKey], columns: Sequence[Column], called: dict[CellKey, str]
) -> Group:
    cells = [run.cells.get(key) for key in keys]
    oracles = [is_oracle(run, key) for key in keys]
    texts = [[_text(cell, column) for column in columns] for cell in cells]
    marks = [
        _marks([None if oracle else row[index] for row, oracle in zip(texts, oracles, strict=True)], column)
        for index, column in enumerate(columns)
    ]
    rows = [
        Row(
            called[key],
            oracles[index],
            _counts(cells[index]),
            tuple(
                Entry(texts[index][place], _interval(cells[index], column), marks[place][index])
                for place, column in enumerate(columns)
            ),
        )
        for index, key in enumerate(keys)
    ]
    shares = [cell.hole_share for cell in cells if cell and cell.hole_share is not None]
    return Group(protocol, shares[0] if shares else None, tuple(sorted(rows, key=lambda row: row.oracle)))


def _counts(cell: CellRecord | None) -> tuple[int, int, int] | None:
    return (cell.n - cell.n_failed - cell.n_skipped, cell.n_failed, cell.n_skipped) if cell else None


def _text(cell: CellRecord | None, column: Column) -> str:
    score = cell.metrics.get(column.key) if cell else None
    if score is None or (score.value is None and not score.n_infinite):
        return NOTHING
    if score.value is None:
        return "exact" if score.higher_is_better else INFINITE
    return f"{score.value:.{column.decimals}f}"


def _interval(cell: CellRecord | None, column: Column) -> str:
    score = cell.metrics.get(column.key) if cell else None
    if score is None or score.value is None or score.ci95 is None:
        return ""
    low, high = score.ci95
    return f"[{low:.{column.decimals}f}, {high:.{column.decimals}f}]"


def _marks(texts: Sequence[str | None], column: Column) -> list[Mark]:
    """Best and second best as printed: numbers that look equal share a mark.

    Nothing is marked where there is nothing to compare, nor in the known region, which is a check and no contest.
    """
    sign = -1.0 if column.higher_is_better else 1.0
    costs = [None if text in (None, NOTHING) else _INFINITE_COSTS.get(text) or sign * float(text) for text in texts]
    levels = sorted({cost for cost in costs if cost is not None})
    if len(costs) - costs.count(None) < 2 or column.key.endswith(".known"):
        return [""] * len(costs)
    ranks: dict[float, Mark] = dict(zip(levels, ("best", "second"), strict=False))
    return ["" if cost is None else ranks.get(cost, "") for cost in costs]
