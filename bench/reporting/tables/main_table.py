"""The table of quality by protocol: a group a protocol, a row a model, a column a `metric.region`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from bench.errors import UnknownName, UsageError
from bench.metrics import MetricKey
from bench.metrics.translations import is_translation
from bench.records import CellKey, CellRecord
from bench.registry import match_name
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column, column_of
from bench.reporting.analysis.frames import scores_frame
from bench.reporting.analysis.signatures import merge_signatures
from bench.reporting.tables import foot
from bench.reporting.tables.mark_notes import mark_notes
from bench.reporting.tables.model import Table, oracles_last
from bench.reporting.tables.published import published_blocks, published_notes
from bench.reporting.titles import dataset_title

__all__ = ["PAPER", "boundary_table", "build_main_table", "paper_table"]

PAPER = ("l1.full", "ssim.full", "psnr.full")
"""The columns of the comparison in the SPG-Net paper: over the whole picture, as papers print them."""

Cells = dict[CellKey, CellRecord]


def build_main_table(
    analysis: RunAnalysis, protocols: Iterable[str] | None = None, keys: Sequence[str] | None = None, name: str = ""
) -> Table:
    """Quality by protocol.

    A number has the same marks in every table: all tests of a protocol are one family, whichever columns are shown.

    Args:
        analysis: of the run.
        protocols: which, or all.
        keys: the columns in order; None: all that tables show, without those that have no value.
        name: of the table's files; empty: the protocol's, or `overall`.

    Raises:
        UsageError: when a cell was edited or damaged.
    """
    run = analysis.run
    chosen = list(run.info.protocols if protocols is None else protocols)
    every = [key for key in analysis.cell_keys if key.protocol in chosen]
    cells = {key: run.cells[key] for key in every if key in run.cells}
    wanted = analysis.shown_keys if keys is None else keys
    columns = _with_values(analysis, wanted, list(cells.values()))
    groups = [analysis.groups[protocol] for protocol in chosen]
    titles = analysis.titles_of(every)
    return Table(
        title=dataset_title(run.info),
        columns=columns,
        groups=tuple(map(oracles_last, groups)),
        notes=(*mark_notes(groups, columns), *_notes(analysis, wanted, columns, cells, every)),
        signatures=tuple(merge_signatures(cells, titles, columns)),
        name=name or (chosen[0] if len(chosen) == 1 else "overall"),
        numbers=partial(scores_frame, analysis, chosen, _own_keys(analysis) if keys is None else keys),
        has_sizes=True,
        published=published_blocks(analysis, chosen, keys),
    )


def boundary_table(analysis: RunAnalysis) -> Table | None:
    """The columns of the boundary region; None when nothing was measured there."""
    keys = [key for key in analysis.shown_keys if analysis.columns[key].region == "boundary"]
    return build_main_table(analysis, keys=keys, name="boundary") if _measured(analysis, keys) else None


def paper_table(analysis: RunAnalysis, protocols: tuple[str, ...] | None = None) -> Table:
    """The layout of the SPG-Net paper's comparison: L1, SSIM and PSNR, a row a model, a block a protocol.

    Args:
        analysis: of the run.
        protocols: which, with or without their version, or all.

    Raises:
        UnknownName: a protocol that is not in the run.
        UsageError: when none of the three metrics was measured.
    """
    if not _measured(analysis, PAPER):
        where = f"run {analysis.run.layout.out}"
        raise UsageError(where, "hold L1, SSIM or PSNR of the whole picture", "none of them", "Run these metrics.")
    chosen = None if protocols is None else [_known_protocol(analysis.run.info.protocols, name) for name in protocols]
    keys = [key for key in PAPER if key in analysis.shown_keys] if analysis.metrics or analysis.regions else PAPER
    return build_main_table(analysis, chosen, keys, "paper")


def _own_keys(analysis: RunAnalysis) -> set[str]:
    """Everything that is recorded, but for numbers under the rules of other evaluators that nobody asked for."""
    recorded = {key for cell in analysis.run.cells.values() for key in cell.metrics}
    return {key for key in recorded if not is_translation(MetricKey.parse(key).metric)} | set(analysis.shown_keys)


def _with_values(analysis: RunAnalysis, keys: Sequence[str], cells: Sequence[CellRecord]) -> tuple[Column, ...]:
    """Those columns that have a number in `cells`; all of them while there is no cell."""
    with_values = {
        key for cell in cells for key, score in cell.metrics.items() if score.value is not None or score.n_infinite
    }
    return tuple(analysis.columns.get(key, column_of(key)) for key in keys if not cells or key in with_values)


def _notes(
    analysis: RunAnalysis, wanted: Sequence[str], columns: Sequence[Column], cells: Cells, every: list[CellKey]
) -> Iterator[str]:
    info, titles = analysis.run.info, analysis.titles_of(every)
    yield from foot.warning_notes(cells, titles)
    yield from foot.failure_notes(cells, titles)
    yield from foot.left_out_notes(cells, titles, columns)
    yield from foot.ceiling_notes(cells, columns)
    yield from foot.remark_notes(cells, titles, columns)
    yield from foot.earlier_rule_notes(cells, columns)
    yield from foot.size_notes(model.size for model in analysis.models)
    yield from foot.source_notes(info)
    yield from foot.weight_notes(info)
    yield from foot.unavailable_notes(info.unavailable)
    yield from foot.absence_notes(wanted, {column.key for column in columns}, cells, bool(info.dataset.classes))
    yield from published_notes(info)
    yield from foot.missing_notes([key for key in every if key not in cells], titles)


def _measured(analysis: RunAnalysis, keys: Sequence[str]) -> bool:
    return any(
        key in cell.metrics and (cell.metrics[key].n or cell.metrics[key].n_infinite)
        for cell in analysis.run.cells.values()
        for key in keys
    )


def _known_protocol(protocols: Sequence[str], name: str) -> str:
    for protocol in protocols:
        if match_name(name, (protocol, protocol.rpartition("@")[0])):
            return protocol
    raise UnknownName("protocol of the run", name, protocols)
