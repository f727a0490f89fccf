"""Figures that papers print: shown beside a run's own numbers, and never compared with them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PublishedFigure"]


@dataclass(frozen=True)
class PublishedFigure:
    """One number that somebody else measured.

    Attributes:
        model: what the source calls it.
        protocol: whose table the figure is shown in.
        metric: `metric.region`.
        value: in the unit of the metric.
        source: where it is printed.
        note: what is not equal to a run of the suite.
        dataset, split, size: of the suite; a run on other pictures does not show the figure.
    """

    model: str
    protocol: str
    metric: str
    value: float
    source: str
    note: str
    dataset: str
    split: str
    size: str
