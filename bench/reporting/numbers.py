"""The numbers of the tables as CSV, unrounded: one line a model, condition, metric and region."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence

from bench.records import CellKey, CellRecord, Run, Score
from bench.reporting.bins import Bin
from bench.reporting.naming import column_order, is_oracle, model_names

__all__ = ["bin_csv", "score_csv"]

_SCORE_COLUMNS = (
    *("model", "fingerprint", "oracle", "protocol", "dataset", "metric", "region", "value", "lo", "hi"),
    *("n", "n_infinite", "n_undefined", "n_failed", "n_skipped", "hole_share", "unit", "direction", "signature"),
)
_BIN_COLUMNS = (
    *("model", "fingerprint", "oracle", "share_over", "share_to", "metric", "region", "value", "lo", "hi"),
    *("n", "n_infinite", "n_failed", "unit", "direction"),
)


def score_csv(run: Run, protocols: Iterable[str], keys: Collection[str] | None = None) -> str:
    """The whole cells of `protocols`, all metrics or those of `keys`.

    `value` with its 95 % interval `lo` to `hi` in `unit` (empty when no value is finite), `n` values behind it,
    `direction` is `higher` or `lower`, whichever is better.
    """
    rows = [
        row
        for protocol in protocols
        for key, cell in run.cells.items()
        if key.protocol == protocol
        for row in _score_rows(key, cell, is_oracle(run, key), keys)
    ]
    return _csv(_SCORE_COLUMNS, rows)


def bin_csv(run: Run, bins: Sequence[Bin]) -> str:
    """Every bin, over all protocols: hole shares above `share_over` and up to `share_to`."""
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
    return _csv(_BIN_COLUMNS, rows)


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


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
