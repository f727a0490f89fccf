"""What is known of another evaluator, as data, and the definition of a metric under its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.metrics.definition import MetricDefinition, Translation

__all__ = ["TORCHVISION_INCEPTION", "Evaluator", "translated"]

_BACKENDS = "bench.metrics.evaluators.backends"

TORCHVISION_INCEPTION = "it takes features of torchvision's ImageNet Inception, whose weights are not at hand"
"""Why the FID of several evaluators is absent."""


@dataclass(frozen=True)
class Evaluator:
    """An evaluator whose rules were read in its code.

    Attributes:
        name: for `spgbench report --as`, and in signatures.
        title: in tables and pages.
        source: its repository and files.
        pictures: which pictures it scores, in one sentence.
        absent: its scores that are not computed here, each with the reason.
        order: place of its first metric in listings and tables.
    """

    name: str
    title: str
    source: str
    pictures: str
    absent: tuple[tuple[str, str], ...] = ()
    order: int = 2000


def translated(
    evaluator: Evaluator,
    score: str,
    title: str,
    backend: str,
    beside: str,
    difference: str,
    definition: str,
    *,
    place: int = 0,
    infinite_mean: bool = False,
    **changes: Any,
) -> MetricDefinition:
    """The metric `EVALUATOR-SCORE` of the whole picture, a pure number of which more is better unless `changes` say so.

    Args:
        score: what the evaluator calls it.
        title: of the score in tables; the evaluator's stands before it.
        backend: `module:attribute` below `bench.metrics.evaluators.backends`.
        beside: `metric.region` of the own number that it is shown beside.
        difference: how the two differ, in one line.
        definition: the formula in words.
        place: among the metrics of the evaluator.
        infinite_mean: whether one exact picture makes the mean of the evaluator infinite.
        changes: other fields of the definition.
    """
    usual: dict[str, Any] = {
        "unit": "",
        "higher_is_better": True,
        "value_range": "as the formula gives them",
        "reference": "the formula in NumPy float64",
        "reference_tolerance": 1e-6,
        "blind_to": f"What `{beside.partition('.')[0]}` is blind to.",
        "regions": ("full",),
    }
    return MetricDefinition(
        **{
            "name": f"{evaluator.name}-{score}",
            "title": f"{evaluator.title} {title}",
            "summary": f"{title} as {evaluator.title} computes it, for comparison with its numbers",
            "definition": definition,
            "implementation": f"{_BACKENDS}.{backend}",
            "order": evaluator.order + place,
            "translation": Translation(evaluator.name, score, beside, difference, infinite_mean),
            **usual,
            **changes,
        }
    )
