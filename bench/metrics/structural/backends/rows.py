"""What both compiled forms of SSIM do with rows: filter them, and compare their windows.

With s = x + y and d = x - y, SSIM needs four filtered maps instead of five: s, d, s² and d², since
4 cov(x, y) = var(s) - var(d) and 2 (var(x) + var(y)) = var(s) + var(d). Means enter the same way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.metrics.structural.backends.window import STABILISER_CONTRAST, STABILISER_LUMINANCE
from bench.runtime.numba import compiled

__all__ = ["contrast_loss", "fill_row", "filter_down", "similarity_loss"]

Floats = npt.NDArray[np.float64]

_C1 = 2 * STABILISER_LUMINANCE
_C2 = 2 * STABILISER_CONTRAST


@compiled
def fill_row(x: npt.NDArray[Any], y: npt.NDArray[Any], maps: Floats) -> None:
    """One row of s (centred, so that its square stays small), d, s² and d²: [4, W]."""
    for column in range(len(x)):
        total = float(x[column]) + float(y[column]) - 255.0
        difference = float(x[column]) - float(y[column])
        maps[0, column] = total
        maps[1, column] = difference
        maps[2, column] = total * total
        maps[3, column] = difference * difference


# In the loops below every array is a slice that begins at index 0: only then does the compiler see that no index is
# negative and use vector instructions (5x).


@compiled
def filter_down(ring: Floats, top: int, start: int, stop: int, taps: Floats, out: Floats) -> None:
    """Filter the eleven rows of a ring [11, W] that begin with row `top` into columns `start` to `stop` of one row."""
    r0, r1 = ring[top % 11, start:stop], ring[(top + 1) % 11, start:stop]
    r2, r3 = ring[(top + 2) % 11, start:stop], ring[(top + 3) % 11, start:stop]
    r4, r5 = ring[(top + 4) % 11, start:stop], ring[(top + 5) % 11, start:stop]
    r6, r7 = ring[(top + 6) % 11, start:stop], ring[(top + 7) % 11, start:stop]
    r8, r9 = ring[(top + 8) % 11, start:stop], ring[(top + 9) % 11, start:stop]
    r10, out = ring[(top + 10) % 11, start:stop], out[start:stop]
    for i in range(len(out)):
        out[i] = (
            taps[0] * r5[i]
            + taps[1] * (r4[i] + r6[i])
            + taps[2] * (r3[i] + r7[i])
            + taps[3] * (r2[i] + r8[i])
            + taps[4] * (r1[i] + r9[i])
            + taps[5] * (r0[i] + r10[i])
        )


@compiled
def similarity_loss(rows: Floats, start: int, taps: Floats, out: Floats) -> None:
    """Filter four rows [4, W] along x, from column `start` on, and turn them into 1 - SSIM."""
    totals, differences = rows[0, start:], rows[1, start:]
    total_squares, difference_squares = rows[2, start:], rows[3, start:]
    for i in range(len(out)):
        mean_total = _window(totals, i, taps)
        a, b = (mean_total + 255.0) ** 2, _window(differences, i, taps) ** 2
        variance_total = _window(total_squares, i, taps) - mean_total**2
        variance_difference = _window(difference_squares, i, taps) - b
        upper = (a - b + _C1) * (variance_total - variance_difference + _C2)
        lower = (a + b + _C1) * (variance_total + variance_difference + _C2)
        out[i] = (lower - upper) / lower


@compiled
def contrast_loss(rows: Floats, taps: Floats, out: Floats) -> None:
    """Filter four rows [4, W] along x and turn them into 1 - cs, where SSIM is luminance times cs."""
    totals, differences, total_squares, difference_squares = rows[0], rows[1], rows[2], rows[3]
    for i in range(len(out)):
        variance_total = _window(total_squares, i, taps) - _window(totals, i, taps) ** 2
        variance_difference = _window(difference_squares, i, taps) - _window(differences, i, taps) ** 2
        out[i] = 2 * variance_difference / (variance_total + variance_difference + _C2)


@compiled
def _window(row: Floats, i: int, taps: Floats) -> float:
    total: float = (
        taps[0] * row[i + 5]
        + taps[1] * (row[i + 4] + row[i + 6])
        + taps[2] * (row[i + 3] + row[i + 7])
        + taps[3] * (row[i + 2] + row[i + 8])
        + taps[4] * (row[i + 1] + row[i + 9])
        + taps[5] * (row[i] + row[i + 10])
    )
    return total
