"""LPIPS under the rules of other evaluators: computed once where another metric of the batch takes it, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from bench.metrics.perceptual.backends.distance import lpips_by_region as own_lpips

if TYPE_CHECKING:
    from bench.metrics.perceptual.backends.network import LpipsNet
    from bench.metrics.view import BatchView

__all__ = ["lpips_by_region"]


def lpips_by_region(view: BatchView, *, net: LpipsNet) -> dict[str, torch.Tensor]:
    """LPIPS of the composited picture in region full, float64 [N]; raises as `own_lpips` does."""
    return view.once(("lpips", net), lambda: own_lpips(view, net=net))
