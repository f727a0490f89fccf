"""Relative L1: exact integer sums of differences over those of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.metrics.arguments import check_pair, region_or_all
from bench.metrics.pixel.backends.errors import errors_of_view, pixel_errors
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["l1_relative_by_region", "level_sums_cpu", "level_sums_torch", "relative_errors"]


def relative_errors(reference: torch.Tensor, completed: torch.Tensor, region: torch.Tensor | None) -> torch.Tensor:
    """See `bench.metrics.l1_relative`."""
    check_pair(reference, completed)
    regions = [region_or_all(region, reference)]
    errors = pixel_errors(reference, completed, regions)
    return _ratios(errors.absolute, _level_sums(reference, completed, regions), errors.pixels)[:, 0]


def l1_relative_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """Relative L1 in the regions full and hole, float64 [N] each."""
    seen = view.composited
    levels = _level_sums(view.reference, seen.picture, seen.masks[:2])
    errors = errors_of_view(view, seen)
    ratios = _ratios(errors.absolute[:, :2], levels, errors.pixels[:, :2])
    return dict(zip(seen.regions, ratios.unbind(dim=1), strict=False))


def _level_sums(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """Sums of a + b over channels and over each of R regions, int64 [N, R]: exact, whatever the order."""
    on_cpu = reference.device.type == "cpu"
    return level_sums_cpu(reference, picture, regions) if on_cpu else level_sums_torch(reference, picture, regions)


def level_sums_cpu(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """The sums in NumPy, for the reason given in bench.runtime.threads."""
    levels = reference.numpy().sum(axis=1, dtype=np.int32) + picture.numpy().sum(axis=1, dtype=np.int32)
    sums = [(levels * region[:, 0].numpy()).sum(axis=(1, 2), dtype=np.int64) for region in regions]
    return torch.from_numpy(np.stack(sums, axis=1))


def level_sums_torch(reference: torch.Tensor, picture: torch.Tensor, regions: Sequence[torch.Tensor]) -> torch.Tensor:
    """The sums in torch, for devices other than the CPU."""
    levels = (reference.int() + picture.int()).sum(dim=1, keepdim=True)  # [N, 1, H, W]
    return torch.stack([(levels * region).sum(dim=(1, 2, 3)) for region in regions], dim=1)


def _ratios(absolute: torch.Tensor, levels: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """Quotients of two int64 [N, R], float64: 0 for two black pictures, which are equal; NaN without pixels."""
    sums = zip(absolute.flatten().tolist(), levels.flatten().tolist(), pixels.flatten().tolist(), strict=True)
    values = [part / max(whole, 1) if count else math.nan for part, whole, count in sums]
    return torch.tensor(values, dtype=torch.float64, device=absolute.device).reshape(absolute.shape)
