"""A run as pandas data frames in long format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.reporting.naming import column_order, is_oracle, model_names

if TYPE_CHECKING:
    import pandas as pd

    from bench.records import CellKey, CellRecord, Run

__all__ = ["scores_frame", "values_frame"]

_SCORE_COLUMNS = [
    *("model", "fingerprint", "oracle", "protocol", "dataset", "metric", "region", "value", "lo", "hi"),
    *("n", "n_infinite", "n_undefined", "n_failed", "n_skipped", "hole_share", "unit", "direction", "signature"),
]
_VALUE_COLUMNS = ["model", "protocol", "sample", "hole_share", "key", "value"]


def scores_frame(run: Run) -> pd.DataFrame:
    """One row for every model, protocol, metric and region of the whole cells.

    `value` with its 95 % interval `lo` to `hi` in `unit` (absent when no value is finite), `n` values behind it,
    `direction` is `higher` or `lower`, whichever is better.
    """
    import pandas as pd

    rows = [
        row
        for protocol in run.info["protocols"]
        for key, cell in run.cells.items()
        if key.protocol == protocol
        for row in _score_rows(key, cell, oracle=is_oracle(run, key))
    ]
    return pd.DataFrame(rows, columns=_SCORE_COLUMNS)


def _score_rows(key: CellKey, cell: CellRecord, *, oracle: bool) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for name in sorted(cell.metrics, key=column_order):
        score = cell.metrics[name]
        metric, _, region = name.partition(".")
        low, high = score.ci95 or (None, None)
        direction = "higher" if score.higher_is_better else "lower"
        what = (key.model, key.fingerprint, oracle, key.protocol, key.dataset, metric, region)
        counts = (score.n, score.n_infinite, score.n_undefined, cell.n_failed, cell.n_skipped)
        rows.append((*what, score.value, low, high, *counts, cell.hole_share, score.unit, direction, score.signature))
    return rows


def values_frame(run: Run) -> pd.DataFrame:
    """One row for every scored sample and `metric.region` (`key`) of the whole cells; infinite and NaN values included.

    `model` is the name under which tables list it.
    """
    import pandas as pd

    names = model_names(run)
    rows = [
        (names[key.model, key.fingerprint], key.protocol, record.sample, record.hole_share, name, value)
        for key in run.cells
        for record in run.records(key)
        if record.status == "ok"
        for name, value in record.values.items()
    ]
    return pd.DataFrame(rows, columns=_VALUE_COLUMNS)
