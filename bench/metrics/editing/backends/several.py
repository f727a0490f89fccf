"""Several fills of one hole: how each follows its own label map, and how much they differ."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import TYPE_CHECKING

import torch

from bench.vocabulary import VOID

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["control_accuracy", "l1_diversity", "label_diversity"]


def control_accuracy(view: BatchView) -> dict[str, torch.Tensor]:
    """Mean over the fills of the share of the hole in which a judge sees the fill's label map, float64 [N] in %.

    NaN without several fills, without their maps, and where a map says nothing of the hole.
    """
    asked, seen = view.fill_labels, view.judged_fills
    if asked is None or seen is None:
        return _undefined(view)
    counted = view.hole & (asked != VOID)  # [N, K, H, W]
    right, every = (pixels.flatten(2).sum(dim=2).double() for pixels in (counted & (asked == seen), counted))
    return {"hole": (100 * right / every).mean(dim=1)}


def l1_diversity(view: BatchView) -> dict[str, torch.Tensor]:
    """Mean absolute difference in the hole between all pairs of fills, float64 [N] in % of the range."""

    def difference(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        apart = (one.int() - other.int()).abs().sum(dim=1, keepdim=True)  # [N, 1, H, W]
        return apart.mul(view.hole).flatten(1).sum(dim=1).double() / (3 * 2.55)

    return _mean_over_pairs(view, view.fills, difference)


def label_diversity(view: BatchView) -> dict[str, torch.Tensor]:
    """Share of the hole that a judge labels differently, mean over all pairs of fills, float64 [N] in %."""

    def difference(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return 100 * ((one != other) & view.hole[:, 0]).flatten(1).sum(dim=1).double()

    return _mean_over_pairs(view, view.judged_fills, difference)


def _mean_over_pairs(
    view: BatchView, fills: torch.Tensor | None, difference: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The mean difference of [N, K, ...] over pairs, by pixel of the hole; NaN without several fills or a hole."""
    if fills is None or fills.shape[1] < 2:
        return _undefined(view)
    pairs = list(combinations(fills.unbind(dim=1), 2))
    total = torch.stack([difference(*pair) for pair in pairs]).sum(dim=0)
    return {"hole": total / len(pairs) / view.hole.flatten(1).sum(dim=1)}


def _undefined(view: BatchView) -> dict[str, torch.Tensor]:
    return {"hole": torch.full((len(view.reference),), math.nan, dtype=torch.float64, device=view.reference.device)}
