"""Which numbers of a run are worth a plot."""

from __future__ import annotations

from dataclasses import dataclass

from bench.records import Run
from bench.reporting.naming import column_order, is_ceiling, metric_title

__all__ = ["Measure", "measures"]


@dataclass(frozen=True)
class Measure:
    """A `metric.region` as an axis."""

    key: str
    unit: str
    higher_is_better: bool

    @property
    def title(self) -> str:
        """`PSNR hole (dB) ↑`, the arrow to where better is."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{metric_title(self.key)}{unit} {self.arrow}"

    @property
    def axis(self) -> str:
        """`dB ↑`, under a title that names the metric."""
        return f"{self.unit} {self.arrow}".strip()

    @property
    def arrow(self) -> str:
        """To where better is."""
        return "↑" if self.higher_is_better else "↓"


def measures(run: Run) -> list[Measure]:
    """Every metric in its most telling region that has a finite mean: the hole, or else the boundary or all of it."""
    found: dict[str, Measure] = {}
    scores = {key: score for cell in run.cells.values() for key, score in cell.metrics.items() if score.n}
    for key in sorted(scores, key=column_order):
        metric, _, region = key.partition(".")
        if region != "known" and not is_ceiling(key):
            found.setdefault(metric, Measure(key, scores[key].unit, scores[key].higher_is_better))
    return list(found.values())
