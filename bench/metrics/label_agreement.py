"""The harness's scores of completed label maps: how the classes that a model put into the hole agree with the truth.

Only for models that complete label maps. Reference: NumPy counts of equal labels; held to 1e-9 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.metrics.label_arguments import IGNORED
from bench.metrics.label_comparison import LabelComparison
from bench.vocabulary import VOID, Region

if TYPE_CHECKING:
    from bench.metrics.comparison import Comparison

__all__ = ["accuracy_by_region", "compare_labels", "miou_by_region"]

Integers: TypeAlias = npt.NDArray[np.int64]


def compare_labels(
    labels: torch.Tensor | None, predicted_labels: torch.Tensor | None, hole: torch.Tensor
) -> LabelComparison | None:
    """Both label maps inside the hole, VOID ignored; None where either is missing.

    Args:
        labels: uint8 [N, H, W] true labels, VOID = 255, or None.
        predicted_labels: uint8 [N, H, W], or None.
        hole: bool [N, 1, H, W], True = missing.
    """
    if labels is None or predicted_labels is None:
        return None
    return LabelComparison(labels, predicted_labels, VOID, hole, VOID)


def accuracy_by_region(comparison: Comparison) -> dict[Region, torch.Tensor]:
    """Accuracy of the predicted labels in region hole, float64 [N] in %; NaN without labels or labelled pixels."""
    return {"hole": _each(comparison, _accuracies)}


def miou_by_region(comparison: Comparison) -> dict[Region, torch.Tensor]:
    """Mean IoU over the classes of an image in region hole, float64 [N] in %; NaN without labels or labelled pixels."""
    return {"hole": _each(comparison, _mean_ious)}


def _each(comparison: Comparison, scores: Callable[[LabelComparison], list[float]]) -> torch.Tensor:
    maps, like = comparison.hole_labels, comparison.reference
    values = [math.nan] * len(like) if maps is None else scores(maps)
    return torch.tensor(values, dtype=torch.float64, device=like.device)


def _accuracies(maps: LabelComparison) -> list[float]:
    right = maps.overlap[0].sum(axis=1)
    labelled = ((maps.codes[0] != IGNORED) & maps.counted).sum(axis=(1, 2))
    return [
        100 * hits / pixels if pixels else math.nan
        for hits, pixels in zip(right.tolist(), labelled.tolist(), strict=True)
    ]


def _mean_ious(maps: LabelComparison) -> list[float]:
    return [_mean_iou(*counts) for counts in zip(*maps.overlap, strict=True)]


def _mean_iou(intersection: Integers, union: Integers) -> float:
    """In %, over the classes that are in either map; Python floats, exactly summed."""
    present = union > 0
    ratios = (intersection[present] / union[present]).tolist()
    return 100 * math.fsum(ratios) / len(ratios) if ratios else math.nan
