"""The scores of BrushBench: errors of known pixels, with a mask that is inverted before it is used."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from bench.metrics.perceptual.backends.distance import distance
from bench.vocabulary import Region

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.metrics.view import BatchView

__all__ = ["blend", "lpips_by_region", "mse_by_region", "psnr_by_region"]

_IDENTICAL, _LEAST = 1000.0, 1e-10
"""dB that stand for a mean squared error below the second number."""


def psnr_by_region(view: BatchView, *, blended: bool = False) -> dict[Region, torch.Tensor]:
    """-10 log10(MSE) with the MSE of `mse_by_region`, float64 [N] in dB, in region known; 1000 below 1e-10."""
    return {"known": _tensor(view, [_decibels(mse) for mse in _errors(view, blended=blended)])}


def mse_by_region(view: BatchView, *, blended: bool = False) -> dict[Region, torch.Tensor]:
    """Squared errors of known pixels, summed over channels and divided by pixels, float64 [N], in region known.

    Args:
        blended: whether the output is blended into the input first, as `blend` does.

    Returns:
        Values on the scale 0 to 1, three times a mean squared error; NaN where no pixel is known.
    """
    return {"known": _tensor(view, _errors(view, blended=blended))}


def lpips_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """LPIPS on SqueezeNet between both pictures with a black hole, float64 [N], in region known.

    Raises:
        WeightsMissing: the network's weights are not at hand.
        DataError: the pictures are too small.
    """
    device = view.network_device
    source, raw = (picture.masked_fill(view.hole, 0).to(device) for picture in (_source(view), view.raw))
    return {"known": distance(source, raw, "squeeze").to(view.reference.device)}


def blend(
    raw: npt.NDArray[np.uint8], given: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    """The output in the input under the hole's mask, blurred over 21 pixels: known pixels near the rim change, too.

    Args:
        raw, given: uint8 [3, H, W].
        hole: bool [H, W].

    Returns:
        uint8 [3, H, W], truncated.
    """
    weight = cv2.GaussianBlur(hole.astype(np.uint8) * 255, (21, 21), 0) / 255
    return np.asarray(given * (1 - weight) + raw * weight).astype(np.uint8)


def _errors(view: BatchView, *, blended: bool) -> list[float]:
    given, raw, hole = (part.cpu().numpy() for part in (_source(view), view.raw, view.hole[:, 0]))
    return [
        _mse(blend(one, truth, where) if blended else one, truth, ~where)
        for one, truth, where in zip(raw, given, hole, strict=True)
    ]


def _source(view: BatchView) -> torch.Tensor:
    return view.reference if view.source is None else view.source


def _mse(x: npt.NDArray[np.uint8], y: npt.NDArray[np.uint8], known: npt.NDArray[np.bool_]) -> float:
    difference = x.astype(np.int64) - y
    pixels = int(known.sum())
    return int((difference * difference * known).sum()) / (255**2 * pixels) if pixels else math.nan


def _decibels(mse: float) -> float:
    if math.isnan(mse):
        return mse
    return _IDENTICAL if mse < _LEAST else -10 * math.log10(mse)


def _tensor(view: BatchView, values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, device=view.reference.device)
