"""The tables of a run before they have a format: columns, ranked rows, foot notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.records import CellKey, CellRecord, Run, Score
from bench.reporting.legend import mark_notes
from bench.reporting.naming import column_order, dataset_title, is_ceiling, is_oracle, model_names, model_sizes
from bench.reporting.notes import (
    absence_notes,
    ceiling_notes,
    failure_notes,
    interval_notes,
    left_out_notes,
    merge_signatures,
    missing_notes,
    remark_notes,
    size_notes,
    unavailable_notes,
)
from bench.reporting.sections import Line, Ranking, Section, grouped, ranked
from bench.reporting.table_parts import Column, Entry, Group, Mark, Row, Table
from bench.reporting.values import once_a_run, values_of

__all__ = ["Column", "Entry", "Group", "Mark", "Row", "Table", "as_column", "build_table", "run_columns", "shown_keys"]

_DECIMALS = {"dB": 2, "%": 2, "px": 2, "pixels": 2}


def build_table(
    run: Run, protocols: Iterable[str] | None = None, keys: Sequence[str] | None = None, name: str = ""
) -> Table:
    """Quality by protocol: a group a protocol, a row a model, a column a `metric.region`.

    A number has the same marks in every table: all tests of a protocol are one family, whichever columns are shown.

    Args:
        run: what was run.
        protocols: which, or all.
        keys: the columns in order; None: all that tables show, without those that have no value.
        name: of the table's files; empty: the protocol's, or `overall`.

    Raises:
        UsageError: when a cell was edited or damaged.
    """
    chosen = list(run.info.protocols if protocols is None else protocols)
    names = model_names(run)
    keys_of_run = run.keys()
    every = [key for key in keys_of_run if key.protocol in chosen]
    cells = {key: run.cells[key] for key in every if key in run.cells}
    wanted = shown_keys(run) if keys is None else list(keys)
    columns = _with_values(run, wanted, list(cells.values()))
    called = {key: names[key.model, key.fingerprint] for key in every}
    sections = {protocol: _sections(run)[protocol] for protocol in chosen}
    titled = [(column.title, column.key) for column in columns]
    notes = (
        *mark_notes({name: ranking for name, (_, ranking) in sections.items()}, columns, list(names.values())),
        *failure_notes(cells, called),
        *left_out_notes(cells, called, titled),
        *interval_notes(cells, titled),
        *ceiling_notes(cells, columns),
        *remark_notes(cells, called, titled),
        *size_notes(model_sizes(run).values()),
        *unavailable_notes(run.info.unavailable),
        *absence_notes(wanted, {column.key for column in columns}, cells, bool(run.info.dataset.classes)),
        *missing_notes([key for key in every if key not in cells], called),
    )
    return Table(
        title=dataset_title(run),
        columns=columns,
        groups=tuple(grouped(section, columns, ranking) for section, ranking in sections.values()),
        notes=notes,
        signatures=tuple(merge_signatures(cells, called, titled)),
        name=name or (chosen[0] if len(chosen) == 1 else "overall"),
        tested=any(column.key in ranking.tested for column in columns for _, ranking in sections.values()),
    )


def shown_keys(run: Run) -> list[str]:
    """The columns of a run in order; of the known region only PSNR, which tells whether known pixels are kept.

    A judge's ceilings are no columns: they are the same for all models and stand in the foot.
    """
    keys = {*run.info.metrics, *(key for cell in run.cells.values() for key in cell.metrics)}
    columns = [key for key in keys if key.count(".") < 2 and not is_ceiling(key)]
    return sorted((key for key in columns if not key.endswith(".known") or key == "psnr.known"), key=column_order)


@once_a_run
def run_columns(run: Run) -> Mapping[str, Column]:
    """Every column of the run by its key, with or without a value."""
    scores: dict[str, list[Score]] = {key: [] for key in shown_keys(run)}
    for cell in run.cells.values():
        for key, score in cell.metrics.items():
            scores.setdefault(key, []).append(score)
    return {key: as_column(key, of_key) for key, of_key in scores.items()}


def as_column(key: str, scores: Sequence[Score]) -> Column:
    """A column that is wide enough for all of the scores."""
    if not scores:
        return Column(key, "", None, 2)
    largest = max((abs(score.value) for score in scores if score.value is not None), default=0.0)
    decimals = _DECIMALS.get(scores[0].unit, 4 if largest < 10 else 2)
    return Column(key, scores[0].unit, scores[0].higher_is_better, decimals)


def _with_values(run: Run, keys: Sequence[str], cells: Sequence[CellRecord]) -> tuple[Column, ...]:
    """Those columns that have a number in `cells`; all of them while there is no cell."""
    columns = run_columns(run)
    with_values = {
        key for cell in cells for key, score in cell.metrics.items() if score.value is not None or score.n_infinite
    }
    return tuple(columns.get(key, Column(key, "", None, 2)) for key in keys if not cells or key in with_values)


@once_a_run
def _sections(run: Run) -> Mapping[str, tuple[Section, Ranking]]:
    """Every protocol with the marks of all its columns."""
    columns = [run_columns(run)[key] for key in shown_keys(run)]
    keys = run.keys()
    sections = {
        protocol: _section(run, protocol, [key for key in keys if key.protocol == protocol])
        for protocol in run.info.protocols
    }
    return {protocol: (section, ranked(section, columns)) for protocol, section in sections.items()}


def _section(run: Run, protocol: str, keys: Sequence[CellKey]) -> Section:
    names, sizes, block = model_names(run), model_sizes(run), values_of(run)[protocol]
    cells = [run.cells.get(key) for key in keys]
    lines = [
        Line(
            names[key.model, key.fingerprint],
            is_oracle(run, key),
            (cell.n - cell.n_failed - cell.n_skipped, cell.n_failed, cell.n_skipped) if cell else None,
            cell.metrics if cell else {},
            cell.holes_sha256 if cell else "",
            sizes[key.model, key.fingerprint],
        )
        for key, cell in zip(keys, cells, strict=True)
    ]
    shares = [cell.hole_share for cell in cells if cell and cell.hole_share is not None]
    return Section(protocol, shares[0] if shares else None, tuple(lines), block.values, block.pictures)
