"""Every metric of removed objects comes with its ceiling: the same number on pictures that never had the object."""

from __future__ import annotations

from dataclasses import replace

from bench.metrics.definition import MetricDefinition

__all__ = ["with_ceiling"]


def with_ceiling(metric: MetricDefinition) -> tuple[MetricDefinition, MetricDefinition]:
    """A metric that takes an option `maps`, and its ceiling.

    Args:
        metric: without `beside`, of the completed pictures.
    """
    name = f"{metric.name}-ceiling"
    of_completed = replace(metric, options=(("maps", "judged"), *metric.options), beside=(name,))
    ceiling = replace(
        metric,
        name=name,
        title=f"{metric.title} ceiling",
        summary=f"{metric.summary}: what the judge sees in pictures that never had the object",
        definition=(
            f"`{metric.name}` of a picture that never had the object, in the same hole. Where the data set has the "
            "truth of the removal, that is the truth. Elsewhere it is the next picture of the whole split, as large, "
            "without a pixel of the removed class in the hole. No model can be expected below it."
        ),
        blind_to=(
            "Every model: it tells about the judge alone. Without a truth of the removal the scene is another one, so "
            "that only its mean over many pictures bounds the metric."
        ),
        order=metric.order + 340,
        parameters=(("picture", "without-the-object"), *metric.parameters),
        options=(("maps", "without"), *metric.options),
        ceiling_of=metric.name,
    )
    return of_completed, ceiling
