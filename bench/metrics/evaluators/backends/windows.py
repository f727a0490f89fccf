"""SSIM under the windows and borders of other evaluators: OpenCV's filters in float64, and one compiled sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from bench.runtime.numba import compiled

__all__ = ["Border", "Floats", "Window", "similarity_means"]

Floats: TypeAlias = npt.NDArray[np.float64]
Border: TypeAlias = Literal["zero", "reflect"]

_BORDERS = {"zero": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT_101}


@dataclass(frozen=True)
class Window:
    """Which pixels a mean is taken of.

    Attributes:
        size: of its side, odd.
        gaussian: standard deviation of a Gaussian in pixels; 0: all pixels weigh the same.
        border: what lies outside the picture: zeros, or the picture reflected about its outermost pixels.
        sample: whether variances are divided by n - 1 of n pixels.
    """

    size: int
    gaussian: float = 0.0
    border: Border = "reflect"
    sample: bool = False

    def means(self, values: Floats) -> Floats:
        """Means over the window around every pixel, float64 [H, W]."""
        side, border = self.size, _BORDERS[self.border]
        if self.gaussian:
            taps = cv2.getGaussianKernel(side, self.gaussian)
            return np.asarray(cv2.sepFilter2D(values, cv2.CV_64F, taps, taps, borderType=border))
        return np.asarray(cv2.boxFilter(values, cv2.CV_64F, (side, side), borderType=border))


def similarity_means(x: Floats, y: Floats, window: Window, data_range: float = 255.0) -> tuple[float, float, float]:
    """Mean SSIM of two channels, with K = 0.01 and 0.03, in three ways.

    Args:
        x, y: float64 [H, W], values 0 to 255, at least as large as the window.
        window: of the means.
        data_range: of the stabilisers, on the scale of the values.

    Returns:
        The mean over all pixels; over the pixels whose window lies inside the picture; and over these with a negative
        product of contrast and structure counted as 0.
    """
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    unbiased = window.size**2 / (window.size**2 - 1) if window.sample else 1.0
    products, squares = np.empty_like(x), np.empty_like(x)
    _multiply(x, y, products, squares)
    means = window.means
    cut = window.size // 2
    every, inside, clipped = _sums(means(x), means(y), means(products), means(squares), cut, c1, c2, unbiased)
    height, width = x.shape
    windows = (height - 2 * cut) * (width - 2 * cut)
    return every / x.size, inside / windows, clipped / windows


@compiled
def _multiply(x: Floats, y: Floats, products: Floats, squares: Floats) -> None:
    for row in range(x.shape[0]):
        a, b, product, square = x[row], y[row], products[row], squares[row]
        for i in range(len(a)):
            product[i] = a[i] * b[i]
            square[i] = a[i] * a[i] + b[i] * b[i]


@compiled
def _sums(
    mean_x: Floats,
    mean_y: Floats,
    products: Floats,
    squares: Floats,
    cut: int,
    c1: float,
    c2: float,
    unbiased: float,
) -> tuple[float, float, float]:
    """Sums of SSIM over all pixels, over those `cut` away from the border, and over these with the contrast clipped."""
    height, width = mean_x.shape
    every, inside, clipped = 0.0, 0.0, 0.0
    for row in range(height):
        of_row, of_inside, of_clipped = 0.0, 0.0, 0.0
        for column in range(width):
            a, b = mean_x[row, column], mean_y[row, column]
            product, square = a * b, a * a + b * b
            contrast = (2 * unbiased * (products[row, column] - product) + c2) / (
                unbiased * (squares[row, column] - square) + c2
            )
            luminance = (2 * product + c1) / (square + c1)
            of_row += luminance * contrast
            if cut <= row < height - cut and cut <= column < width - cut:
                of_inside += luminance * contrast
                of_clipped += luminance * max(contrast, 0.0)
        every += of_row
        inside += of_inside
        clipped += of_clipped
    return every, inside, clipped
