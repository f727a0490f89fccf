"""Label metrics come in families: the same score of a model's own label maps, of a judge's, and the judge's ceiling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.metrics.definition import MetricDefinition
from bench.metrics.width import BoundaryWidth

__all__ = ["LABEL_FAMILIES", "LabelFamily", "LabelScore", "label_definitions", "surface_score"]


@dataclass(frozen=True)
class LabelScore:
    """A score of label maps against the true ones, whosever maps they are.

    Attributes:
        name: without the family, `miou` in `judge-miou`.
        title: likewise, `mIoU`.
        order: place among the scores of a family.
        summary: one line.
        definition, reference, reference_tolerance, blind_to: as of a metric.
        score: method of `LabelComparison`; empty: the accuracy.
        width: of boundaries, if it looks at them.
        unit, higher_is_better, value_range, parameters: as of a metric.
        of_control: whether it is also taken of a judge's maps against the model's own.
    """

    name: str
    title: str
    order: int
    summary: str
    definition: str
    reference: str
    blind_to: str
    score: str
    reference_tolerance: float = 1e-9
    width: BoundaryWidth | None = None
    unit: str = "%"
    higher_is_better: bool = True
    value_range: str = "0 to 100"
    parameters: tuple[tuple[str, str], ...] = (("classes", "in-either"),)
    of_control: bool = False


@dataclass(frozen=True)
class LabelFamily:
    """Whose label maps are held against the true ones.

    Attributes:
        form: of the metrics' names.
        title: of the metrics' titles.
        order: of the metrics in tables, before the score's.
        maps: as the implementation calls them.
        whose: for summaries.
        definition: which maps they are, a sentence or two.
        blind_to: on top of what the score is blind to.
        needs: what must be at hand.
        needs_truth: whether the other maps are those of the truth.
    """

    form: str
    title: str
    order: int
    maps: str
    whose: str
    definition: str
    blind_to: str
    needs: tuple[str, ...] = ()
    needs_truth: bool = True


LABEL_FAMILIES = (
    LabelFamily(
        "label-{}",
        "Label {}",
        400,
        "predicted",
        "the model's own label maps",
        "The label maps that the model completed, if it does; undefined for others. Nothing is re-segmented.",
        "The picture: a model can predict the right labels and paint something else.",
    ),
    LabelFamily(
        "judge-{}",
        "Judge {}",
        300,
        "judged",
        "what a judge sees in the completed pictures",
        "The completed picture, segmented again by the run's judge, a network that no evaluated model uses.",
        "What the judge confuses: read it beside its ceiling. A judge can be fooled by what people are not.",
        ("judge",),
    ),
    LabelFamily(
        "judge-{}-ceiling",
        "Judge {} ceiling",
        600,
        "ceiling",
        "what the judge sees in the untouched pictures",
        "The untouched picture, segmented by the judge and scored in the same hole: no model can be expected above it.",
        "Every model: it tells about the judge alone.",
        ("judge",),
    ),
    LabelFamily(
        "control-{}",
        "Control {}",
        510,
        "control",
        "whether a judge sees in the completed pictures what the model meant to paint",
        "The completed picture, segmented by the judge, against the label map that the model completed or was given, "
        "which stands in the place of the true one: control accuracy. Undefined for models without label maps.",
        "Whether the label map was right. What the judge confuses: no better than the judge's ceiling.",
        ("judge",),
        needs_truth=False,
    ),
)


def label_definitions(*scores: LabelScore) -> tuple[MetricDefinition, ...]:
    """The metrics of some scores: one for each family that has the score."""
    return tuple(
        _define(score, family)
        for score in scores
        for family in LABEL_FAMILIES
        if family.maps != "control" or score.of_control
    )


def surface_score(
    *, name: str, title: str, order: int, summary: str, formula: str, peer: str, blind_to: str
) -> LabelScore:
    """A score of distances between the surfaces of a class in both maps, in pixels.

    Args:
        name, title, order, summary, blind_to: as of a LabelScore; `name` is also the method of `LabelComparison`.
        formula: what is taken of the distances, in words.
        peer: the function of MONAI that it is held to.
    """
    return LabelScore(
        name=name,
        title=title,
        order=order,
        summary=summary,
        definition=(
            f"For each class, {formula} between the surfaces of both maps, from surface pixels in the hole to the "
            "other map's surface wherever it is. A class that one of the maps lacks altogether counts the "
            "picture's diagonal, so that erasing an object costs. Then the mean over the classes with a surface in "
            "the hole in one of the maps."
        ),
        reference=f"MONAI's {peer}, computed plainly with SciPy",
        blind_to=blind_to,
        score=name,
        reference_tolerance=1e-6,
        unit="px",
        higher_is_better=False,
        value_range="0 to the picture's diagonal",
        parameters=(("classes", "in-either"), ("lacking", "diagonal")),
    )


def _define(score: LabelScore, family: LabelFamily) -> MetricDefinition:
    options: dict[str, Any] = {"maps": family.maps} | ({"score": score.score} if score.score else {})
    function = "class_scores_by_region" if score.score else "accuracy_by_region"
    return MetricDefinition(
        name=family.form.format(score.name),
        title=family.title.format(score.title),
        unit=score.unit,
        higher_is_better=score.higher_is_better,
        summary=f"{score.summary}: {family.whose}",
        definition=f"{score.definition} {family.definition}",
        value_range=score.value_range,
        reference=score.reference,
        reference_tolerance=score.reference_tolerance,
        blind_to=f"{score.blind_to} {family.blind_to}",
        implementation=f"bench.metrics.segmentation.backends.agreement:{function}",
        order=family.order + score.order,
        regions=("hole",),
        parameters=(("labels", family.maps), ("void", "ignored"), *score.parameters),
        options=tuple(options.items()),
        width=score.width,
        needs_truth=family.needs_truth,
        needs=family.needs,
        beside=(f"judge-{score.name}-ceiling",) if family.maps == "judged" else (),
        ceiling_of=f"judge-{score.name}" if family.maps == "ceiling" else "",
        by_class=bool(score.score),
    )
