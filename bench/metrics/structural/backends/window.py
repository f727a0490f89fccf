"""The window and constants of SSIM, shared by both of its implementations."""

from __future__ import annotations

import math

__all__ = ["REACH", "STABILISER_CONTRAST", "STABILISER_LUMINANCE", "TAPS", "WINDOW"]

WINDOW = 11
REACH = WINDOW // 2
SIGMA = 1.5
STABILISER_LUMINANCE = (0.01 * 255) ** 2
STABILISER_CONTRAST = (0.03 * 255) ** 2


def _taps() -> tuple[float, ...]:
    weights = [math.exp(-((offset / SIGMA) ** 2) / 2) for offset in range(REACH + 1)]
    total = math.fsum(weights + weights[1:])
    return tuple(weight / total for weight in weights)


TAPS = _taps()
"""Weights of the separable Gaussian at offsets 0 to 5; the two sides are equal."""
