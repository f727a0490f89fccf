"""VIF of pictures by torchmetrics, one by one, so that none depends on those beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from bench.errors import TooSmall
from bench.metrics.arguments import check_pair
from bench.runtime.single_threaded import map_single_threaded
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["information_fidelity", "vif_by_region"]

_SMALLEST = 41
_NOISE = 2.0


def information_fidelity(reference: torch.Tensor, completed: torch.Tensor) -> torch.Tensor:
    """See `bench.metrics.vif`."""
    check_pair(reference, completed)
    height, width = reference.shape[2:]
    if min(height, width) < _SMALLEST:
        must, fix = f"be at least {_SMALLEST}x{_SMALLEST} pixels", "Leave vif out, or give larger pictures."
        raise TooSmall("picture for vif", must, f"{height}x{width}", fix)
    pairs = list(zip(torch.split(completed, 1), torch.split(reference, 1), strict=True))
    values = map_single_threaded(_of_one, pairs) if reference.device.type == "cpu" else list(map(_of_one, pairs))
    return torch.stack(values) if values else reference.new_zeros(0, dtype=torch.float64)


def vif_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """VIF of the composited pictures, float64 [N]; raises TooSmall."""
    return {"full": information_fidelity(view.reference, view.completed)}


def _of_one(pair: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Of pictures [1, 3, H, W], about a whole number near the mean of each channel.

    VIF looks at variances alone, so that changes nothing, but they lose few digits in float32, which is 15 times as
    fast here as float64.
    """
    from torchmetrics.functional.image import visual_information_fidelity

    middle = pair[1].float().mean(dim=(2, 3), keepdim=True).round()
    completed, reference = (picture.float() - middle for picture in pair)
    return visual_information_fidelity(completed, reference, sigma_n_sq=_NOISE).double()
