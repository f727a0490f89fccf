"""Boundary widths: shares of the picture's diagonal, in whole pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BOUNDARY_SHARE", "BoundaryWidth", "boundary_width"]

BOUNDARY_SHARE = 0.01
"""Width of the boundary band, each side of a boundary, as a share of the picture's diagonal."""


def boundary_width(
    height: int, width: int, share: float = BOUNDARY_SHARE, rounding: Callable[[float], int] = round
) -> int:
    """A share of the picture's diagonal in whole pixels, at least 1.

    By default the pixels each side of a label boundary that count as near it (region boundary): 1 %, rounded. Boundary
    IoU has 0.02 (COCO) or 0.005 (Cityscapes), DAVIS F 0.008 with `math.ceil`.
    """
    return max(1, rounding(share * math.hypot(height, width)))


@dataclass(frozen=True)
class BoundaryWidth:
    """The width that a metric of boundaries looks at.

    Attributes:
        share: of the diagonal.
        rounding: to whole pixels.
    """

    share: float
    rounding: Callable[[float], int] = round

    def pixels(self, height: int, width: int) -> int:
        """For pictures of one size, at least 1."""
        return boundary_width(height, width, self.share, self.rounding)
