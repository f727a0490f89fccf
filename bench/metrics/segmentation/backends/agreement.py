"""The harness's scores of label maps in the hole: what a model predicts, and what a judge sees in its pictures.

The scores are those of `LabelComparison`; here they become one number an image and one a class. Held to the formulas
on NumPy counts (1e-9 %) and to those functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.metrics.cache.memory import TRUTH_MEMORY
from bench.metrics.segmentation.backends.arguments import IGNORED
from bench.metrics.segmentation.backends.comparison import LabelComparison
from bench.vocabulary import VOID

if TYPE_CHECKING:
    from bench.metrics.view import BatchView
    from bench.metrics.width import BoundaryWidth

__all__ = ["Maps", "accuracy_by_region", "agreement", "class_scores_by_region", "compare_labels"]

Maps: TypeAlias = Literal["predicted", "judged", "ceiling", "control", "untouched"]
"""Which label maps are held against the true ones: those that the model completed, those that the judge sees in the
completed pictures, or those that it sees in the untouched ones. `control`: what the judge sees in the completed
pictures against the maps that the model completed, or the edited ones that it was given; `untouched`: what it sees in
the untouched pictures against these."""

Score: TypeAlias = Literal["iou", "boundary_iou", "boundary_f", "trimap_iou", "hd95", "assd"]
Floats: TypeAlias = npt.NDArray[np.float64]


def compare_labels(
    labels: torch.Tensor | None, others: torch.Tensor | None, hole: torch.Tensor, classes: int
) -> LabelComparison | None:
    """Both label maps inside the hole, VOID ignored; None where either is missing.

    Args:
        labels: uint8 [N, H, W] true labels, VOID = 255, or None.
        others: uint8 [N, H, W], or None.
        hole: bool [N, 1, H, W], True = missing.
        classes: least number of classes; labels beyond them make more.
    """
    if labels is None or others is None:
        return None
    greatest = (maps.masked_fill(maps == VOID, 0).max().item() for maps in (labels, others) if maps.numel())
    return LabelComparison(labels, others, max([classes, *(1 + int(label) for label in greatest)]), hole, VOID)


def agreement(view: BatchView, maps: Maps) -> LabelComparison | None:
    """Those maps beside the true labels inside the hole; None without either.

    `control` and `untouched` stand beside the labels that were asked for: edited ones, or else the predicted ones.
    """
    untouched = {"ceiling": view.judged_truth, "untouched": view.judged_truth}
    others = {"predicted": view.predicted_labels, **untouched}.get(maps, view.judged)
    wanted = view.predicted_labels if view.asked is None else view.asked
    reference = wanted if maps in ("control", "untouched") else view.labels
    return view.once(("agreement", maps), lambda: compare_labels(reference, others, view.hole, len(view.classes)))


def accuracy_by_region(view: BatchView, *, maps: Maps) -> dict[str, torch.Tensor]:
    """Share of the labelled pixels of the hole whose class is the true one, float64 [N] in %; NaN without any."""
    compared = agreement(view, maps)
    values = [math.nan] * len(view.reference) if compared is None else _accuracies(compared)
    return {"hole": _column(view, values)}


def class_scores_by_region(
    view: BatchView, *, maps: Maps, score: Score, width: BoundaryWidth | None = None
) -> dict[str, torch.Tensor]:
    """A score of each class in the hole, and its mean over the classes of an image where it is defined.

    Shares are in %; distances in pixels, where a class that one map lacks altogether counts the picture's diagonal.

    Returns:
        `hole` and `hole.<class>` to float64 [N]; NaN where undefined.
    """
    compared = agreement(view, maps)
    height, wide = view.hole.shape[2:]
    if compared is None:
        by_class = np.full((len(view.reference), len(view.classes)), math.nan)
    else:
        options = (width.pixels(height, wide),) if width else ()
        by_class = _cached_scores(compared, score, options) if maps == "ceiling" else _scores(compared, score, options)
    if score in ("hd95", "assd"):
        scale, by_class = 1, np.minimum(by_class, math.hypot(height, wide))
    else:
        scale = 100
    means = {"hole": _column(view, [scale * _mean(values) for values in by_class.tolist()])}
    return means | {
        f"hole.{name}": _column(view, scale * by_class[:, index]) for index, name in enumerate(view.classes)
    }


def _scores(maps: LabelComparison, score: Score, options: tuple[int, ...]) -> Floats:
    function: Callable[..., torch.Tensor] = getattr(maps, score)
    return function(*options).cpu().numpy()


def _cached_scores(maps: LabelComparison, score: Score, options: tuple[int, ...]) -> Floats:
    """The same, computed once for these maps: no model changes what a judge sees in the untouched pictures."""
    found: Floats = TRUTH_MEMORY.get((score, options, maps.fingerprint), lambda: _scores(maps, score, options))
    return found


def _accuracies(maps: LabelComparison) -> list[float]:
    right = maps.overlap[0].sum(axis=1)
    labelled = ((maps.codes[0] != IGNORED) & maps.counted).sum(axis=(1, 2))
    return [
        100 * hits / pixels if pixels else math.nan
        for hits, pixels in zip(right.tolist(), labelled.tolist(), strict=True)
    ]


def _mean(values: list[float]) -> float:
    """Over the classes where it is defined; Python floats, exactly summed."""
    defined = [value for value in values if not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else math.nan


def _column(view: BatchView, values: Iterable[float]) -> torch.Tensor:
    return torch.tensor(list(values), dtype=torch.float64, device=view.reference.device)
