"""SSIM of whole pictures under the rules of other evaluators, from one function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from bench.errors import TooSmall
from bench.metrics.evaluators.backends.channels import Channels, channels_of
from bench.metrics.evaluators.backends.windows import Window, similarity_means
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["ssim_by_region"]


def ssim_by_region(
    view: BatchView,
    *,
    channels: Channels = "rgb",
    size: int = 11,
    gaussian: float = 0.0,
    border: Literal["zero", "reflect", "valid"] = "valid",
    sample: bool = False,
    data_range: float = 255.0,
    clip_contrast: bool = False,
) -> dict[Region, torch.Tensor]:
    """Mean SSIM of the composited pictures, float64 [N], in region full.

    Args:
        channels: what is compared.
        size, gaussian, sample: of the window, as in `Window`.
        border: `valid` takes windows inside the picture alone; the others take a window around every pixel.
        data_range: of the stabilisers, where values are 0 to 255.
        clip_contrast: whether a negative product of contrast and structure counts as 0, with a border `valid`.

    Raises:
        TooSmall: the picture is smaller than the window.
    """
    height, width = view.reference.shape[2:]
    if min(height, width) < size:
        subject, found = f"picture for SSIM with a window of {size}", f"{height}x{width}"
        raise TooSmall(subject, f"be at least {size}x{size} pixels", found, "Leave the metric out.")
    window = Window(size, gaussian, "zero" if border == "zero" else "reflect", sample)
    which = 0 if border != "valid" else 2 if clip_contrast else 1
    return {"full": _means(view, channels, window, data_range)[:, which]}


def _means(view: BatchView, channels: Channels, window: Window, data_range: float) -> torch.Tensor:
    """The three means of `similarity_means` over channels, float64 [N, 3]; once for evaluators with one window."""

    def compute() -> torch.Tensor:
        pairs = zip(view.reference.cpu().numpy(), view.completed.cpu().numpy(), strict=True)
        means = [
            np.mean(
                [
                    similarity_means(x, y, window, data_range)
                    for x, y in zip(channels_of(truth, channels), channels_of(completed, channels), strict=True)
                ],
                axis=0,
            )
            for truth, completed in pairs
        ]
        return torch.from_numpy(np.stack(means)).to(view.reference.device)

    return view.once(("similarity means", channels, window, data_range), compute)
