"""Published figures as a block of their own below the rows of a table: in no rank, no mark, no mean and no plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bench.metrics import MetricKey, find_definition
from bench.metrics.questions import chosen_keys
from bench.records import RunInfo
from bench.records.published import PublishedFigure
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column, column_of
from bench.reporting.formatting import NOTHING
from bench.reporting.titles import key_order

__all__ = ["PUBLISHED_TITLE", "Published", "PublishedRow", "published_blocks", "published_notes"]

PUBLISHED_TITLE = "Published, not comparable row by row"


@dataclass(frozen=True)
class PublishedRow:
    """The figures of one model from one source.

    Attributes:
        model: what the source calls it.
        texts: one a column, a dash where nothing is published.
        source: number of its note, such as `[1]`.
    """

    model: str
    texts: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Published:
    """The figures of one protocol.

    Attributes:
        group: name of the group of rows that the block stands below.
        columns: of the figures; not those of the table.
        rows: in the order of the file.
        notes: a line a source, with its number.
        figures: behind the rows.
    """

    group: str
    columns: tuple[Column, ...]
    rows: tuple[PublishedRow, ...]
    notes: tuple[str, ...]
    figures: tuple[PublishedFigure, ...]


def published_blocks(
    analysis: RunAnalysis, protocols: Sequence[str], keys: Sequence[str] | None = None
) -> tuple[Published, ...]:
    """A block for every protocol that has figures, of those that are of the run's pictures.

    Args:
        analysis: of the run.
        protocols: full names.
        keys: `metric.region` of the figures that are shown; None: those that the analysis shows.
    """
    every = [one for one in analysis.run.info.published if _is_of(one, analysis.run.info)]
    if keys is None:
        wanted = [*analysis.shown_keys, *(one.metric for one in every)]  # some are shown, whatever was chosen
        keys = chosen_keys(wanted, analysis.metrics, analysis.regions)
    shown = [one for one in every if one.metric in keys]
    found = {protocol: [one for one in shown if one.protocol == protocol] for protocol in protocols}
    return tuple(_block(protocol, figures) for protocol, figures in found.items() if figures)


def published_notes(info: RunInfo) -> Iterator[str]:
    """Figures that no table shows, since they are of other pictures or protocols than the run."""
    others = [one for one in info.published if not _is_of(one, info)]
    for dataset, split, size in dict.fromkeys((one.dataset, one.split, one.size) for one in others):
        yield f"Published figures of {dataset}, {split}, {size} are not shown: this run is on other pictures."
    own = (one.protocol for one in info.published if _is_of(one, info))
    absent = [protocol for protocol in dict.fromkeys(own) if protocol not in info.protocols]
    if absent:
        yield f"Published figures of protocols that were not run are not shown: {', '.join(absent)}."


def _is_of(figure: PublishedFigure, info: RunInfo) -> bool:
    dataset = info.dataset
    return (figure.dataset, figure.split, figure.size) == (dataset.name, dataset.split, dataset.size)


def _block(protocol: str, figures: Sequence[PublishedFigure]) -> Published:
    keys = sorted({one.metric for one in figures}, key=key_order)
    digits = {key: max(_digits(one.value) for one in figures if one.metric == key) for key in keys}
    sources = list(dict.fromkeys((one.source, one.note) for one in figures))
    rows: dict[tuple[str, int], dict[str, str]] = {}
    for one in figures:
        row = rows.setdefault((one.model, 1 + sources.index((one.source, one.note))), {})
        row[one.metric] = f"{one.value:.{digits[one.metric]}f}"
    return Published(
        protocol,
        tuple(map(_column, keys)),
        tuple(
            PublishedRow(model, tuple(texts.get(key, NOTHING) for key in keys), f"[{source}]")
            for (model, source), texts in rows.items()
        ),
        tuple(f"[{number}] {source}. Not equal: {note}." for number, (source, note) in enumerate(sources, 1)),
        tuple(figures),
    )


def _digits(value: float) -> int:
    """After the point, as they are printed in the source."""
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _column(key: str) -> Column:
    plain, metric = column_of(key), find_definition(MetricKey.parse(key).metric)
    if metric is None:
        return plain
    names = (plain.key, plain.metric, plain.metric_title, plain.region)
    return Column(*names, metric.unit, metric.higher_is_better, None, metric.cap)
