"""Seam gradient: the gradient of the error of the fill on the rim of the hole, in dB.

ASUKA (Wang et al., CVPR 2025, `eval/cal_grad.py`) takes the mean Sobel magnitude of fill - truth, on grey, at the Canny
edges of the mask. This metric takes plain differences of neighbours in RGB near the rim, so that it has an exact
definition at every size. Reference: the formula in NumPy and SciPy; held to 1e-9 dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition
from bench.metrics.width import BoundaryWidth

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "SEAM_GRADIENT_WIDTH", "seam_gradient"]

SEAM_GRADIENT_WIDTH = BoundaryWidth(0.005)
"""2 px at 256x256."""

DEFINITIONS = (
    MetricDefinition(
        name="seam-gradient",
        title="Seam gradient",
        unit="dB",
        higher_is_better=False,
        summary="edges that the fill makes or loses on the rim of the hole",
        definition=(
            "10 log10(1 + G). The error d is fill - truth in the hole and 0 outside, on uint8 values. G is the mean "
            "of (d(p) - d(q))² over the RGB channels and all pairs p, q of neighbours, side by side or one above the "
            "other, of which at least one lies in the ring: the pixels of the hole whose Euclidean distance to the "
            "nearest known pixel is at most w, which is 0.5 % of the diagonal, rounded, at least 1 (2 px at 256x256). "
            "The border of the picture is no rim. An error that has one value in the whole hole counts where it jumps "
            "to 0 at the rim. Of a removal the truth is the scene without the object, and the input's pixels outside "
            "the hole are not looked at."
        ),
        value_range="0 to 54.2; exactly 0 for the true fill; NaN where no pixel of the hole borders a known one",
        reference="the formula in NumPy, distances by SciPy `distance_transform_edt`",
        reference_tolerance=1e-9,
        blind_to=(
            "All that is farther inside the hole than w. Among the errors near the rim it does not tell a visible seam "
            "from texture that is not the truth's: a plausible fill with other details scores worse than a smooth one. "
            "A removal that leaves the object makes no seam where the hole is larger than the object."
        ),
        implementation="bench.metrics.seam.backends.gradient:seam_gradient_of_view",
        order=70,
        regions=("hole",),
        parameters=(("pairs", "4-neighbours"), ("scale", "10log10(1+mse)"), ("channels", "rgb"), ("range", "255")),
        width=SEAM_GRADIENT_WIDTH,
        tolerance=1e-3,
        margins=(("hole", "0.2dB"),),
    ),
)


def seam_gradient(
    reference: ArrayInput, completed: ArrayInput, hole: ArrayInput, width: int | None = None
) -> torch.Tensor:
    """Gradient of the fill's error on the rim of the hole, in dB; 0 for the true fill, lower is better.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth.
        completed: uint8 [N, 3, H, W]; as many and as large. Pixels outside the hole are not looked at.
        hole: bool [N, 1, H, W], True = missing.
        width: pixels of the hole, from the rim, that are looked at; by default 0.5 % of the diagonal, at least 1.

    Returns:
        float64 [N] on the pictures' device: NaN where no pixel of the hole borders a known one.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.seam.backends.gradient import seam_gradients

    size = SEAM_GRADIENT_WIDTH if width is None else width
    return score_pictures(lambda *pictures: seam_gradients(size, *pictures), reference, completed, hole)
