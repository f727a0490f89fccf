"""The numbers behind the tables and plots, unrounded, as pandas data frames in long format and as CSV."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from bench.records import CellKey, CellRecord, Run, Score
from bench.reporting.bins import Bin
from bench.reporting.classes import OneClass
from bench.reporting.naming import column_order, is_oracle, model_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bin_csv", "class_csv", "score_csv", "scores_frame", "values_frame"]

_SCORE_COLUMNS = (
    *("model", "fingerprint", "oracle", "protocol", "dataset", "metric", "region", "value", "lo", "hi"),
    *("n", "n_infinite", "n_undefined", "n_failed", "n_skipped", "hole_share", "unit", "direction", "signature"),
)
_CLASS_COLUMNS = (
    *("model", "fingerprint", "oracle", "class", "metric", "region", "value", "lo", "hi", "n", "n_infinite"),
    *("ceiling", "unit", "direction"),
)
_BIN_COLUMNS = (
    *("model", "fingerprint", "oracle", "share_over", "share_to", "metric", "region", "value", "lo", "hi"),
    *("n", "n_infinite", "n_failed", "unit", "direction"),
)


def scores_frame(run: Run, protocols: Iterable[str] | None = None, keys: Collection[str] | None = None) -> pd.DataFrame:
    """A row for every model, protocol, metric and region of the whole cells.

    Columns: `value` with its 95 % interval `lo` to `hi` in `unit` (missing when no value is finite), `n` values behind
    it; `direction` is `higher` or `lower`, whichever is better; what a row is about and what it depends on.

    Args:
        run: what was run.
        protocols: full names, or None for all.
        keys: `metric.region` names, or None for all.
    """
    import pandas as pd

    rows = [
        row
        for protocol in (run.info.protocols if protocols is None else protocols)
        for key, cell in run.cells.items()
        if key.protocol == protocol
        for row in _score_rows(key, cell, is_oracle(run, key), keys)
    ]
    return pd.DataFrame(rows, columns=list(_SCORE_COLUMNS))


def values_frame(run: Run) -> pd.DataFrame:
    """A row for every scored sample and `metric.region` (`key`) of the whole cells, infinite and NaN values included.

    Metrics by class come with keys `metric.region.class`. `model` is the name under which tables list it.
    """
    import pandas as pd

    names = model_names(run)
    columns = ["model", "protocol", "sample", "hole_share", "key", "value"]
    rows = []
    for key in run.cells:
        cell = run.values(key)
        scored = [row for row, status in enumerate(cell.status) if status == "ok"]
        rows += [
            (
                names[key.model, key.fingerprint],
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


def score_csv(run: Run, protocols: Iterable[str], keys: Collection[str] | None = None) -> str:
    """`scores_frame` as CSV."""
    return _csv(scores_frame(run, protocols, keys))


def bin_csv(run: Run, bins: Sequence[Bin]) -> str:
    """Every bin, over all protocols: hole shares above `share_over` and up to `share_to`."""
    import pandas as pd

    rows = [
        (
            *(model, fingerprint, line.oracle, bin_.index / 10, (bin_.index + 1) / 10, *_named(key)),
            *(score.value, *(score.ci95 or (None, None)), score.n, score.n_infinite, (line.counts or (0, 0))[1]),
            *(score.unit, _direction(score)),
        )
        for bin_ in bins
        for (model, fingerprint), line in zip(model_names(run), bin_.section.lines, strict=True)
        for key, score in line.scores.items()
    ]
    return _csv(pd.DataFrame(rows, columns=list(_BIN_COLUMNS)))


def class_csv(run: Run, classes: Sequence[OneClass]) -> str:
    """Every class, over all protocols."""
    import pandas as pd

    rows = [
        (
            *(model, fingerprint, line.oracle, one.name, *_named(key), score.value, *(score.ci95 or (None, None))),
            *(score.n, score.n_infinite, one.ceilings.get(key), score.unit, _direction(score)),
        )
        for one in classes
        for (model, fingerprint), line in zip(model_names(run), one.section.lines, strict=True)
        for key, score in line.scores.items()
    ]
    return _csv(pd.DataFrame(rows, columns=list(_CLASS_COLUMNS)))


def _score_rows(
    key: CellKey, cell: CellRecord, oracle: bool, keys: Collection[str] | None
) -> Iterator[tuple[object, ...]]:
    chosen = [name for name in cell.metrics if keys is None or name in keys]
    for name in sorted(chosen, key=column_order):
        score = cell.metrics[name]
        what = (key.model, key.fingerprint, oracle, key.protocol, key.dataset, *_named(name))
        counts = (score.n, score.n_infinite, score.n_undefined, cell.n_failed, cell.n_skipped)
        number = (score.value, *(score.ci95 or (None, None)))
        yield (*what, *number, *counts, cell.hole_share, score.unit, _direction(score), score.signature)


def _named(key: str) -> tuple[str, str]:
    metric, _, region = key.partition(".")
    return metric, region


def _direction(score: Score) -> str:
    return "higher" if score.higher_is_better else "lower"


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")
