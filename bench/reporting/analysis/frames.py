"""The numbers behind the tables and plots, unrounded, as pandas data frames in long format."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from bench.metrics import MetricKey
from bench.records import CellKey, CellRecord, Score
from bench.reporting.analysis.classes import ClassGroup
from bench.reporting.analysis.cost import Cost, RunCosts
from bench.reporting.analysis.edits import EditGroup
from bench.reporting.analysis.hole_share import HoleShareBin
from bench.reporting.analysis.models import ListedModel
from bench.reporting.analysis.run_analysis import RunAnalysis
from bench.reporting.titles import key_order

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["class_frame", "cost_frame", "edit_frame", "hole_share_frame", "scores_frame", "values_frame"]

_SCORE_COLUMNS = (
    *("model", "fingerprint", "oracle", "protocol", "dataset", "metric", "region", "value", "lo", "hi"),
    *("n", "n_infinite", "n_undefined", "n_failed", "n_skipped", "hole_share", "unit", "direction", "signature"),
)
_CLASS_COLUMNS = (
    *("model", "fingerprint", "oracle", "class", "metric", "region", "value", "lo", "hi", "n", "n_infinite"),
    *("ceiling", "unit", "direction"),
)
_EDIT_COLUMNS = (
    *("model", "fingerprint", "oracle", "edit", "metric", "region", "value", "lo", "hi", "n", "n_infinite"),
    *("unit", "direction"),
)
_BIN_COLUMNS = (
    *("model", "fingerprint", "oracle", "share_over", "share_to", "metric", "region", "value", "lo", "hi"),
    *("n", "n_infinite", "n_failed", "unit", "direction"),
)


def scores_frame(
    analysis: RunAnalysis, protocols: Iterable[str] | None = None, keys: Collection[str] | None = None
) -> pd.DataFrame:
    """A row for every model, protocol, metric and region of the whole cells.

    Columns: `value` with its 95 % interval `lo` to `hi` in `unit` (missing when no value is finite), `n` values behind
    it; `direction` is `higher` or `lower`, whichever is better; what a row is about and what it depends on.

    Args:
        analysis: of the run.
        protocols: full names, or None for all.
        keys: `metric.region` names, or None for all.
    """
    import pandas as pd

    rows = [
        row
        for protocol in (analysis.run.info.protocols if protocols is None else protocols)
        for key, cell in analysis.run.cells.items()
        if key.protocol == protocol
        for row in _score_rows(key, cell, analysis.model_of(key), keys)
    ]
    return pd.DataFrame(rows, columns=list(_SCORE_COLUMNS))


def values_frame(analysis: RunAnalysis) -> pd.DataFrame:
    """A row for every scored sample and `metric.region` (`key`) of the whole cells, infinite and NaN values included.

    Metrics by class come with keys `metric.region.class`. `model` is the name under which tables list it.
    """
    import pandas as pd

    columns = ["model", "protocol", "sample", "hole_share", "key", "value"]
    rows = []
    for key in analysis.run.cells:
        cell = analysis.run.values(key)
        scored = [row for row, status in enumerate(cell.status) if status == "ok"]
        rows += [
            (
                analysis.model_of(key).title,
                key.protocol,
                cell.samples[row],
                cell.hole_share[row],
                name,
                of_cell[row],
            )
            for row in scored
            for name, of_cell in cell.values.items()
            if not cell.scores[name].of_set
        ]
    return pd.DataFrame(rows, columns=columns)


def hole_share_frame(bins: Sequence[HoleShareBin]) -> pd.DataFrame:
    """A row for every bin, model and metric, over all protocols: shares above `share_over`, up to `share_to`."""
    import pandas as pd

    rows = [
        (
            *(*_identity(row.model), bin_.index / 10, (bin_.index + 1) / 10, *_named(key)),
            *(score.value, *(score.ci95 or (None, None)), score.n, score.n_infinite, (row.counts or (0, 0))[1]),
            *(score.unit, _direction(score)),
        )
        for bin_ in bins
        for row in bin_.group.rows
        for key, score in row.scores.items()
    ]
    return pd.DataFrame(rows, columns=list(_BIN_COLUMNS))


def class_frame(classes: Sequence[ClassGroup]) -> pd.DataFrame:
    """A row for every class, model and metric, over all protocols."""
    import pandas as pd

    rows = [
        (
            *(*_identity(row.model), one.name, *_named(key), score.value, *(score.ci95 or (None, None))),
            *(score.n, score.n_infinite, one.ceilings.get(key), score.unit, _direction(score)),
        )
        for one in classes
        for row in one.group.rows
        for key, score in row.scores.items()
    ]
    return pd.DataFrame(rows, columns=list(_CLASS_COLUMNS))


def edit_frame(groups: Sequence[EditGroup]) -> pd.DataFrame:
    """A row for every label map, model and metric with a value, over all holes."""
    import pandas as pd

    rows = [
        (
            *(*_identity(row.model), one.edit, *_named(key), score.value, *(score.ci95 or (None, None))),
            *(score.n, score.n_infinite, score.unit, _direction(score)),
        )
        for one in groups
        for row in one.group.rows
        for key, score in row.scores.items()
        if score.n
    ]
    return pd.DataFrame(rows, columns=list(_EDIT_COLUMNS))


def cost_frame(analysis: RunAnalysis, costs: RunCosts) -> pd.DataFrame:
    """A row for every model, in seconds, bytes and single operations, beside its quality over all protocols."""
    import pandas as pd

    columns, group = analysis.overall
    rows = []
    for row, cost in zip(group.rows, costs.of, strict=True):
        facts: dict[str, object] = dict(zip(("model", "fingerprint", "oracle"), _identity(row.model), strict=True))
        for column in columns:
            score = row.scores.get(column.key)
            low, high = (score.ci95 if score else None) or (None, None)
            value = score.value if score else None
            facts |= {column.key: value, f"{column.key} lo": low, f"{column.key} hi": high}
        rows.append(facts | _cost_facts(cost))
    return pd.DataFrame(rows)


def _cost_facts(cost: Cost | None) -> dict[str, object]:
    if cost is None:
        return {}
    record = cost.record
    return {
        "configuration": str(record.configuration),
        "device": record.device_name,
        "parameters": record.parameters,
        "multiply_adds": cost.multiply_adds,
        "latency_p50_s": record.latency(),
        "latency_p99_s": record.latency(99),
        "pictures_per_s": cost.best.throughput,
        "best_batch": cost.best.configuration.batch_size,
        "peak_memory_bytes": cost.memory,
        "void": record.invalid,
    }


def _score_rows(
    key: CellKey, cell: CellRecord, model: ListedModel, keys: Collection[str] | None
) -> Iterator[tuple[object, ...]]:
    chosen = [name for name in cell.metrics if keys is None or name in keys]
    for name in sorted(chosen, key=key_order):
        score = cell.metrics[name]
        what = (*_identity(model), key.protocol, key.dataset, *_named(name))
        counts = (score.n, score.n_infinite, score.n_undefined, cell.n_failed, cell.n_skipped)
        number = (score.value, *(score.ci95 or (None, None)))
        yield (*what, *number, *counts, cell.hole_share, score.unit, _direction(score), score.signature)


def _identity(model: ListedModel) -> tuple[str, str, bool]:
    return model.name, model.fingerprint, model.oracle


def _named(key: str) -> tuple[str, str]:
    parsed = MetricKey.parse(key)
    return parsed.metric, parsed.region


def _direction(score: Score) -> str:
    return "higher" if score.higher_is_better else "lower"
