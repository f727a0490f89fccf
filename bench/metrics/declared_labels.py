"""The metrics of label maps, in data: every score of a model's own maps, of a judge's, and the judge's ceiling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bench.metrics.metric_declaration import MetricDeclaration
from bench.metrics.widths import Width

__all__ = ["FAMILIES", "LABEL_METRICS", "LABEL_SCORES", "Family", "LabelScore"]


@dataclass(frozen=True)
class LabelScore:
    """A score of label maps against the true ones, whosever maps they are.

    Attributes:
        name: without the family, `miou` in `judge-miou`.
        summary: what it is.
        definition, reference, tolerance, blind_to: as of a metric.
        score: function of `bench.metrics`; empty: the accuracy.
        width: of boundaries, if it looks at them.
        unit, higher_is_better, value_range, parameters: as of a metric.
    """

    name: str
    summary: str
    definition: str
    reference: str
    blind_to: str
    score: str
    tolerance: float = 1e-9
    width: Width | None = None
    unit: str = "%"
    higher_is_better: bool = True
    value_range: str = "0 to 100"
    parameters: tuple[tuple[str, str], ...] = (("classes", "in-either"),)


@dataclass(frozen=True)
class Family:
    """Whose label maps are held against the true ones.

    Attributes:
        form: of the metrics' names.
        maps: as the implementation calls them.
        whose: for summaries.
        definition: which maps they are, a sentence or two.
        blind_to: on top of what the score is blind to.
        needs: what must be at hand.
        scores: names of the scores that it has, or none for all.
    """

    form: str
    maps: str
    whose: str
    definition: str
    blind_to: str
    needs: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()


FAMILIES = (
    Family(
        "label-{}",
        "predicted",
        "the model's own label maps",
        "The label maps that the model completed, if it does; undefined for others. Nothing is re-segmented.",
        "The picture: a model can predict the right labels and paint something else.",
    ),
    Family(
        "judge-{}",
        "judged",
        "what a judge sees in the completed pictures",
        "The completed picture, segmented again by the run's judge, a network that no evaluated model uses.",
        "What the judge confuses: read it beside its ceiling. A judge can be fooled by what people are not.",
        ("judge",),
    ),
    Family(
        "judge-{}-ceiling",
        "ceiling",
        "what the judge sees in the untouched pictures",
        "The untouched picture, segmented by the judge and scored in the same hole: no model can be expected above it.",
        "Every model: it tells about the judge alone.",
        ("judge",),
    ),
    Family(
        "control-{}",
        "control",
        "whether a judge sees in the completed pictures what the model meant to paint",
        "The completed picture, segmented by the judge, against the label map that the model completed or was given, "
        "which stands in the place of the true one: control accuracy. Undefined for models without label maps.",
        "Whether the label map was right. What the judge confuses: no better than the judge's ceiling.",
        ("judge",),
        ("accuracy", "miou"),
    ),
)


def _trimap(share: float) -> LabelScore:
    return LabelScore(
        name=f"trimap-miou-{round(1000 * share)}",
        summary=f"mean IoU within {share:.1%} of the diagonal of true boundaries",
        definition=(
            "IoU of each class over the labelled pixels of the hole whose distance to a pixel that touches a boundary "
            "between two true labels is below the width (the band of region boundary, at this width), then the mean "
            "over the classes that one of the maps has there. The number in the name is the width in thousandths of "
            "the diagonal; several of them are the trimap plot of segmentation papers."
        ),
        reference="`iou` of NumPy masks of each class inside a band from SciPy's distance transform",
        blind_to="What is far from every true boundary.",
        score="trimap_iou",
        width=Width(share),
    )


LABEL_SCORES = (
    LabelScore(
        name="accuracy",
        summary="share of the hole's pixels whose class is right",
        definition="Pixels whose label is the true one over all truly labelled pixels of the hole, of one image.",
        reference="NumPy counts of equal labels",
        blind_to="Small classes: the largest decide.",
        score="",
        parameters=(),
    ),
    LabelScore(
        name="miou",
        summary="intersection over union, mean over the image's classes",
        definition=(
            "For each class, truly labelled pixels of the hole that have it in both maps over those that have it in "
            "either; then the mean over the classes that one of the maps has there, of one image. The mean over images "
            "is not the mIoU of counts pooled over a data set, which segmentation benchmarks print."
        ),
        reference="`iou` of NumPy masks of each class",
        blind_to=(
            "Where a boundary runs, unless the object is small. A class of a few pixels weighs as much as the rest of "
            "the hole."
        ),
        score="iou",
    ),
    LabelScore(
        name="boundary-iou",
        summary="IoU of the classes' inner bands, 0.5 % of the diagonal wide",
        definition=(
            "Boundary IoU (Cheng et al., CVPR 2021) of each class: IoU of the bands inside both masks' borders, a mask "
            "minus its erosion, `width` times over, by a 3x3 square; counted in the hole. Then the mean over the "
            "classes with a band there in one of the maps. It is not the minimum with the masks' IoU."
        ),
        reference="boundary-iou-api's `mask_to_boundary`, computed plainly",
        blind_to="The inside of large objects. In small pictures the band swallows small objects.",
        score="boundary_iou",
        width=Width(0.005),
    ),
    LabelScore(
        name="boundary-f",
        summary="F measure of the classes' boundaries, found within 0.8 % of the diagonal",
        definition=(
            "DAVIS boundary measure (Perazzi et al., CVPR 2016) of each class: precision and recall of boundary pixels "
            "in the hole that have one of the other map within `width` pixels, and their harmonic mean. Then the mean "
            "over the classes with a boundary there in one of the maps. Without any it is undefined, not perfect."
        ),
        reference="DAVIS `f_measure`, computed plainly",
        blind_to="How far off a boundary beyond the tolerance is, and on which side of it the object lies.",
        score="boundary_f",
        width=Width(0.008, math.ceil),
    ),
    *map(_trimap, (0.005, 0.01, 0.02, 0.04)),
    *(
        LabelScore(
            name=name,
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
            tolerance=1e-6,
            unit="px",
            higher_is_better=False,
            value_range="0 to the picture's diagonal",
            parameters=(("classes", "in-either"), ("lacking", "diagonal")),
        )
        for name, summary, formula, peer, blind_to in (
            (
                "hd95",
                "95 % Hausdorff distance of the classes' surfaces",
                "the greater of the two directed 95th percentiles of the distances",
                "`compute_hausdorff_distance`",
                "All but the farthest parts of a contour. One lacking class outweighs the others.",
            ),
            (
                "assd",
                "average symmetric distance of the classes' surfaces",
                "the mean of the two directed mean distances",
                "`compute_average_surface_distance`",
                "Short stretches far off. One lacking class outweighs the others.",
            ),
        )
    ),
)


def _declare(score: LabelScore, family: Family) -> MetricDeclaration:
    options: dict[str, Any] = {"maps": family.maps} | ({"score": score.score} if score.score else {})
    function = "class_scores_by_region" if score.score else "accuracy_by_region"
    return MetricDeclaration(
        name=family.form.format(score.name),
        unit=score.unit,
        higher_is_better=score.higher_is_better,
        summary=f"{score.summary}: {family.whose}",
        definition=f"{score.definition} {family.definition}",
        value_range=score.value_range,
        reference=score.reference,
        tolerance=score.tolerance,
        blind_to=f"{score.blind_to} {family.blind_to}",
        implementation=f"bench.metrics.label_agreement:{function}",
        regions=("hole",),
        parameters=(("labels", family.maps), ("void", "ignored"), *score.parameters),
        options=tuple(options.items()),
        width=score.width,
        needs=family.needs,
        beside=(f"judge-{score.name}-ceiling",) if family.maps == "judged" else (),
        by_class=bool(score.score),
    )


LABEL_METRICS = tuple(
    _declare(score, family)
    for family in FAMILIES
    for score in LABEL_SCORES
    if not family.scores or score.name in family.scores
)
"""All of them, a family after the other."""
