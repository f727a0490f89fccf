"""Seam colour: the colour step across the rim of the hole, the fill's against the truth's, in CIELAB.

Reference: scikit-image `rgb2lab` and the formula in NumPy and SciPy; held to 1e-9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition
from bench.metrics.width import BoundaryWidth

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "SEAM_COLOUR_WIDTH", "seam_colour"]

SEAM_COLOUR_WIDTH = BoundaryWidth(0.01)
"""4 px at 256x256."""

DEFINITIONS = (
    MetricDefinition(
        name="seam-colour",
        title="Seam colour step",
        unit="dE",
        higher_is_better=False,
        summary="colour steps across the rim of the hole that the truth does not have",
        definition=(
            "At each pixel of the hole with a known 4-neighbour: the step is the mean CIELAB colour (sRGB, D65, 2°) of "
            "the inside ring minus that of the outside ring, both within the square of 2w + 1 pixels around it. The "
            "inside ring holds the pixels of the same 4-connected part of the hole whose Euclidean distance to the "
            "nearest known pixel is at most w, the outside ring the known pixels as near to the hole; w is 1 % of the "
            "diagonal, rounded, at least 1 (4 px at 256x256). The score is the mean over these pixels of the CIE76 "
            "difference of two steps, the fill's and the truth's. Known pixels are the truth's in both, so the outside "
            "ring cancels out: it is the difference of the inside rings' means."
        ),
        value_range="0 to about 260; exactly 0 for the true fill; NaN where no pixel of the hole borders a known one",
        reference="scikit-image `rgb2lab` and the formula in NumPy and SciPy",
        reference_tolerance=1e-9,
        blind_to=(
            "All that is farther inside the hole than w, and all that keeps local mean colours: blur, small shifts, "
            "noise. Errors of opposite sign cancel out within a window, but not along the rim. CIE76 overrates "
            "differences of saturated colours. A removal that leaves the object makes no step where the hole is larger "
            "than the object."
        ),
        implementation="bench.metrics.seam.backends.colour:seam_colour_of_view",
        order=72,
        regions=("hole",),
        parameters=(("space", "cielab-d65"), ("difference", "cie76"), ("window", "2w+1"), ("connectivity", "4")),
        width=SEAM_COLOUR_WIDTH,
        tolerance=1e-3,
        margins=(("hole", "0.2dE"),),
    ),
)


def seam_colour(
    reference: ArrayInput, completed: ArrayInput, hole: ArrayInput, width: int | None = None
) -> torch.Tensor:
    """Colour step of the fill across the rim of the hole against the truth's, in dE (CIE76); lower is better.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth, sRGB.
        completed: uint8 [N, 3, H, W]; as many and as large. Pixels outside the hole are not looked at.
        hole: bool [N, 1, H, W], True = missing.
        width: width of the ring in pixels; by default 1 % of the diagonal, at least 1.

    Returns:
        float64 [N] on the pictures' device, 0 for the true fill: NaN where no pixel of the hole borders a known one.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.seam.backends.colour import seam_colours

    size = SEAM_COLOUR_WIDTH if width is None else width
    return score_pictures(lambda *pictures: seam_colours(size, *pictures), reference, completed, hole)
