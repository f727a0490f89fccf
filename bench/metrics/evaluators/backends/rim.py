"""The gradient score of ASUKA: Sobel gradients of the error along the edge of the mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from bench.vocabulary import Region

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.metrics.view import BatchView

__all__ = ["gradient_by_region"]


def gradient_by_region(view: BatchView) -> dict[Region, torch.Tensor]:
    """Mean magnitude of the Sobel gradient of completed minus true levels along the rim, float64 [N], in region hole.

    The rim is what OpenCV's Canny detector finds in the mask; a picture without one has 0.
    """
    parts = (part.cpu().numpy() for part in (view.reference, view.completed, view.hole[:, 0]))
    values = [_gradient(*one) for one in zip(*parts, strict=True)]
    return {"hole": torch.tensor(values, dtype=torch.float64, device=view.reference.device)}


def _gradient(truth: npt.NDArray[np.uint8], completed: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_]) -> float:
    rim = cv2.Canny(hole.astype(np.uint8) * 255, 100, 200) > 0
    if not rim.any():
        return 0.0
    differences = completed.astype(np.float64) - truth
    means = [
        np.hypot(*(cv2.Sobel(one, cv2.CV_64F, *order, ksize=3) for order in ((1, 0), (0, 1))))[rim].mean()
        for one in differences
    ]
    return float(np.mean(means))
