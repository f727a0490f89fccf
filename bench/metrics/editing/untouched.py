"""Metrics of an edited label map, taken of the untouched picture: a perfect model that ignores the edit scores that."""

from __future__ import annotations

from dataclasses import replace

from bench.metrics.definition import MetricDefinition

__all__ = ["of_untouched"]


def of_untouched(metric: MetricDefinition) -> MetricDefinition:
    """The same metric, which takes an option `maps`, of what the judge sees in the untouched picture."""
    return replace(
        metric,
        name=f"{metric.name}-untouched",
        title=f"{metric.title}, untouched",
        summary=f"{metric.summary}: of the untouched picture",
        definition=(
            f"`{metric.name}` of the untouched picture under the same edited label map: what a perfect model reaches "
            "that ignores the edit. Under `edit-none`, where nothing is edited, it is the judge's ceiling."
        ),
        blind_to="Every model: it tells about the judge and the edit alone.",
        order=metric.order + 340,
        parameters=(("picture", "untouched"), *metric.parameters),
        options=tuple((key, "untouched" if key == "maps" else value) for key, value in metric.options),
        tasks=("editing",),
        same_for_all=True,
    )
