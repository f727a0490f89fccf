"""The columns of tables, which are also the axes of plots: one a `metric.region`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.metrics import MetricKey, is_ceiling, metric_title
from bench.metrics.translations import is_translation
from bench.records import Run, Score
from bench.reporting.formatting import decimals_of
from bench.reporting.titles import key_order

__all__ = ["Column", "column_of", "columns_of", "headline_columns", "shown_keys"]

KNOWN = "psnr.known"
"""The one column of the known region."""


@dataclass(frozen=True)
class Column:
    """A `metric.region`, or a cost.

    Attributes:
        key: `psnr.hole`.
        metric: what is measured: `psnr`, as `spgbench ls metrics` lists it.
        metric_title: the same in words: `PSNR`.
        region: where: `hole`; of a cost what of it is shown, such as `p50`.
        unit: `dB`, `%` or empty.
        higher_is_better: None while no cell is whole.
        decimals: digits after the point, the same in all tables of a run; None: three significant digits.
        cap: what a picture counts as at most, in the unit; None: infinite values are in no mean.
    """

    key: str
    metric: str
    metric_title: str
    region: str
    unit: str
    higher_is_better: bool | None
    decimals: int | None
    cap: float | None = None

    @property
    def title(self) -> str:
        """`PSNR hole`."""
        return f"{self.metric_title} {self.region}".strip()

    @property
    def infinite_text(self) -> str:
        """What becomes of infinite values: `count as 100 dB`."""
        return "are in no mean" if self.cap is None else f"count as {self.cap:g} {self.unit}".rstrip()

    @property
    def arrow(self) -> str:
        """Where better is."""
        return {True: "↑", False: "↓", None: ""}[self.higher_is_better]

    @property
    def axis_title(self) -> str:
        """`PSNR hole (dB) ↑`."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.title}{unit} {self.arrow}"

    @property
    def axis_unit(self) -> str:
        """`dB ↑`, under a title that names the metric."""
        return f"{self.unit} {self.arrow}".strip()


def column_of(key: str, scores: Sequence[Score] = ()) -> Column:
    """The column of a `metric.region`, with decimals that suit all of the scores."""
    parsed = MetricKey.parse(key)
    names = (key, parsed.metric, metric_title(parsed.metric), parsed.region)
    if not scores:
        return Column(*names, "", None, 2)
    decimals = decimals_of(scores[0].unit, (score.value for score in scores))
    return Column(*names, scores[0].unit, scores[0].higher_is_better, decimals, scores[0].cap)


def shown_keys(run: Run) -> list[str]:
    """The columns of a run in order; of the known region only PSNR, which tells whether known pixels are kept.

    A judge's ceilings are no columns: they are the same for all models and stand in the foot.
    """
    keys = {*run.info.metrics, *(key for cell in run.cells.values() for key in cell.metrics)}
    columns = {key: MetricKey.parse(key) for key in keys}
    shown = [key for key, column in columns.items() if not column.class_name and not is_ceiling(column.metric)]
    return sorted((key for key in shown if _told(columns[key])), key=key_order)


def _told(column: MetricKey) -> bool:
    return column.region != "known" or str(column) == KNOWN or is_translation(column.metric)


def columns_of(run: Run) -> Mapping[str, Column]:
    """Every column of the run by its key, with or without a value."""
    scores: dict[str, list[Score]] = {key: [] for key in shown_keys(run)}
    for cell in run.cells.values():
        for key, score in cell.metrics.items():
            scores.setdefault(key, []).append(score)
    return {key: column_of(key, of_key) for key, of_key in scores.items()}


def headline_columns(run: Run, columns: Mapping[str, Column]) -> list[Column]:
    """Every metric in its most telling region that has a finite mean: the hole, or else the boundary or all of it."""
    found: dict[str, Column] = {}
    with_values = {key for cell in run.cells.values() for key, score in cell.metrics.items() if score.n}
    for key in sorted(with_values & columns.keys(), key=key_order):
        if columns[key].region != "known" and not is_ceiling(columns[key].metric):
            found.setdefault(columns[key].metric, columns[key])
    return list(found.values())
