"""Seam colour step: means of CIELAB differences in windows along the rim."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import label

from bench.metrics.seam.backends.rim import Image, Mask, borders_known, inside_ring, score_each
from bench.metrics.width import BoundaryWidth
from bench.runtime.numba import compiled
from bench.vocabulary import Region

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["seam_colour_of_view", "seam_colours"]

Parts: TypeAlias = npt.NDArray[np.int32]  # [H, W]
Colour: TypeAlias = npt.NDArray[np.uint8]  # [3]
Floats: TypeAlias = npt.NDArray[np.float64]

_LEVELS = np.arange(256) / 255
_LINEAR: Floats = np.where(_LEVELS > 0.04045, ((_LEVELS + 0.055) / 1.055) ** 2.4, _LEVELS / 12.92)
"""Linear value of each sRGB level."""


def seam_colour_of_view(view: BatchView, width: BoundaryWidth) -> dict[Region, torch.Tensor]:
    """Seam colour step of the completed pictures, float64 [N], in dE."""
    return {"hole": score_each(_mean_difference, view.reference, view.completed, view.hole, width)}


def seam_colours(
    width: int | BoundaryWidth, reference: torch.Tensor, completed: torch.Tensor, hole: torch.Tensor | None
) -> torch.Tensor:
    """See `bench.metrics.seam_colour`."""
    return score_each(_mean_difference, reference, completed, hole, width)


def _mean_difference(reference: Image, completed: Image, hole: Mask, width: int) -> float:
    parts = np.empty(hole.shape, np.int32)
    label(hole, output=parts)
    return _along_rim(reference, completed, hole, parts, _LINEAR, width)


@compiled
def _along_rim(reference: Image, completed: Image, hole: Mask, parts: Parts, linear: Floats, width: int) -> float:
    """Mean over the rim of the difference of mean colours; NaN without a rim. Leaves in `parts` the ring alone."""
    height, columns = hole.shape
    ring = inside_ring(hole, width)
    differences = np.zeros((height, columns, 3))
    for row in range(height):
        for column in range(columns):
            if not ring[row, column]:
                parts[row, column] = 0
            else:
                _subtract(completed[:, row, column], reference[:, row, column], linear, differences[row, column])
    total, pixels = 0.0, 0
    for row in range(height):
        for column in range(columns):
            if ring[row, column] and borders_known(hole, row, column):
                total += _difference(differences, parts, row, column, width)
                pixels += 1
    return total / pixels if pixels else np.nan


@compiled
def _difference(differences: Floats, parts: Parts, row: int, column: int, width: int) -> float:
    """Length of the mean difference in the window around a pixel, over pixels of its own part of the hole."""
    height, columns = parts.shape
    lightness, green_red, blue_yellow, pixels = 0.0, 0.0, 0.0, 0
    for v in range(max(0, row - width), min(height, row + width + 1)):
        for u in range(max(0, column - width), min(columns, column + width + 1)):
            if parts[v, u] == parts[row, column]:
                lightness += differences[v, u, 0]
                green_red += differences[v, u, 1]
                blue_yellow += differences[v, u, 2]
                pixels += 1
    return float(np.sqrt(lightness**2 + green_red**2 + blue_yellow**2)) / pixels


@compiled
def _subtract(fill: Colour, truth: Colour, linear: Floats, difference: Floats) -> None:
    """Fill `difference`, zeros [3], with Lab(fill) - Lab(truth); equal colours leave it as it is."""
    if fill[0] == truth[0] and fill[1] == truth[1] and fill[2] == truth[2]:
        return
    x, y, z = _cube_roots(fill, linear)
    true_x, true_y, true_z = _cube_roots(truth, linear)
    difference[0] = 116 * (y - true_y)
    difference[1] = 500 * ((x - y) - (true_x - true_y))
    difference[2] = 200 * ((y - z) - (true_y - true_z))


@compiled
def _cube_roots(colour: Colour, linear: Floats) -> tuple[float, float, float]:
    """f(X/Xn), f(Y/Yn), f(Z/Zn) of CIELAB for an sRGB colour; D65, 2° observer, constants of scikit-image."""
    r, g, b = linear[colour[0]], linear[colour[1]], linear[colour[2]]
    x = (0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047
    y = 0.212671 * r + 0.715160 * g + 0.072169 * b
    z = (0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883
    return _cube_root(x), _cube_root(y), _cube_root(z)


@compiled
def _cube_root(share: float) -> float:
    """The cube root, and near 0 its tangent."""
    return float(np.cbrt(share)) if share > 0.008856 else 7.787 * share + 16 / 116
