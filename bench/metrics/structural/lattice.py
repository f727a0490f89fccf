"""Lattice: how much of a fill repeats every 16 pixels, beyond what repeats every 15 or 17, against the truth.

Odena et al. 2016, "Deconvolution and checkerboard artifacts", show what makes such patterns: transposed convolutions
with a stride. This metric has no published counterpart. Reference: the formula in NumPy; held to 1e-9 dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "LATTICE_PERIOD", "lattice"]

LATTICE_PERIOD = 16
"""Pixels; the stride of SPG-Net's generators. Patterns that repeat every 2, 4 or 8 pixels also repeat every 16."""

DEFINITIONS = (
    MetricDefinition(
        name="lattice",
        title="Lattice",
        unit="dB",
        higher_is_better=False,
        summary="patterns in the fill that repeat with the stride of a network, every 2, 4, 8 or 16 px",
        definition=(
            "Each channel minus its mean over a square of 16 px (17 taps an axis, the outer two of half weight; the "
            "picture is mirrored at its border without repeating the border pixels), at the pixels of the hole. "
            "E(P) is the energy of the pattern of period P: the hole's pixels in P x P groups by row and column modulo "
            "P, the squared sum of each group divided by its number of pixels, added over the channels and the groups "
            "and divided by the number of groups that have a pixel. The ratio is 10 log10 of "
            "(E(16) + 1/4) / ((E(15) + E(17)) / 2 + 1/4), where 1/4 is the energy of rounding in three channels. "
            "The score is the ratio of the completed picture minus that of the truth. Known pixels enter the squares "
            "alone, in both pictures the truth's: where the input of a removal differs outside the hole, the truth's "
            "are taken."
        ),
        value_range="about -10 to 40; exactly 0 for the true fill; NaN where the hole has fewer than 512 pixels",
        reference="the formula in NumPy",
        reference_tolerance=1e-9,
        blind_to=(
            "Everything but repetition: blur, noise, wrong colours and wrong content score about 0. A lattice of "
            "another period than a divisor of 16 px. The same lattice scores higher in a larger hole, in which it "
            "stands out more. Single pictures vary by about 1 dB without a lattice; a mean is needed. A score below 0 "
            "is no better than 0: such a fill has less of the period than of its neighbours."
        ),
        implementation="bench.metrics.structural.backends.lattice:lattice_of_view",
        order=74,
        regions=("hole",),
        parameters=(
            ("period", "16"),
            ("neighbours", "15,17"),
            ("highpass", "box16"),
            ("channels", "rgb"),
            ("range", "255"),
        ),
        options=(("period", LATTICE_PERIOD),),
        tolerance=1e-3,
    ),
)


def lattice(reference: ArrayInput, completed: ArrayInput, hole: ArrayInput) -> torch.Tensor:
    """Energy of patterns in the fill that repeat every 16 pixels, against the truth's, in dB; about 0 without any.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth, both sides at least 16 pixels.
        completed: uint8 [N, 3, H, W]; as many and as large. Pixels outside the hole are not looked at.
        hole: bool [N, 1, H, W], True = missing.

    Returns:
        float64 [N] on the pictures' device: 0 for the true fill, NaN where the hole has fewer than 512 pixels.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.structural.backends.lattice import lattices

    return score_pictures(lambda *pictures: lattices(LATTICE_PERIOD, *pictures), reference, completed, hole)
