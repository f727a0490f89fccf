"""Stripes: how much of a fill lies in straight horizontal and vertical lines, against the truth.

Generators that were trained for a short time against discriminators weave such lines into a plaid that has no one
period, which `lattice` does not see. This metric has no published counterpart; its ratio is the between-group energy
of an analysis of variance. Reference: the formula in NumPy; held to 1e-9 dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "STRIPE_LENGTH", "stripes"]

STRIPE_LENGTH = 16
"""Pixels; lines that are shorter count less."""

DEFINITIONS = (
    MetricDefinition(
        name="stripes",
        title="Stripes",
        unit="dB",
        higher_is_better=False,
        summary="straight horizontal and vertical lines in the fill, a plaid of a network",
        definition=(
            "Each channel minus its mean over a square of 16 px, as for lattice, at the pixels of the hole. Every row "
            "and every column is cut into segments of 16 px, the first of which begins 8 px before the hole's bounding "
            "box, or at the picture's border. The energy of a segment is the squared sum "
            "of its pixels in the hole, divided by their number, added over the channels; E is the sum over the "
            "segments with at least 8 pixels in the hole, of rows and of columns, and V the energy of these pixels, "
            "their squares added over the channels, each divided by the number of segments and of pixels. The ratio is "
            "10 log10 of (E + 1/4) / (V + 1/4), where 1/4 is the energy of rounding in three channels: 0 for white "
            "noise, 12 for lines alone. The score is the ratio of the completed picture minus that of the truth. Known "
            "pixels enter the squares alone, in both pictures the truth's."
        ),
        value_range="about -12 to 12; exactly 0 for the true fill; NaN where the hole has fewer than 512 such pixels",
        reference="the formula in NumPy",
        reference_tolerance=1e-9,
        blind_to=(
            "Lines that slant, and everything but lines: wrong colours and wrong content score about 0. Lines that "
            "the truth has too, such as those of houses, are no fault and count for the fill. A blur of the whole fill "
            "raises the ratio, since neighbours become alike, by up to the length of a segment; compare it among fills "
            "that are about as sharp. Single pictures vary by some dB; a mean is needed. A score below 0 is no better "
            "than 0."
        ),
        implementation="bench.metrics.structural.backends.stripes:stripes_of_view",
        order=75,
        regions=("hole",),
        parameters=(("length", "16"), ("highpass", "box16"), ("channels", "rgb"), ("range", "255")),
        options=(("length", STRIPE_LENGTH),),
        tolerance=1e-3,
    ),
)


def stripes(reference: ArrayInput, completed: ArrayInput, hole: ArrayInput) -> torch.Tensor:
    """Energy of straight horizontal and vertical lines in the fill, against the truth's, in dB; about 0 without any.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth, both sides at least 16 pixels.
        completed: uint8 [N, 3, H, W]; as many and as large. Pixels outside the hole are not looked at.
        hole: bool [N, 1, H, W], True = missing.

    Returns:
        float64 [N] on the pictures' device: 0 for the true fill, NaN where the hole has fewer than 512 pixels in
        segments.

    Raises:
        DataError: an argument is not what it must be.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.structural.backends.stripes import stripe_ratios

    return score_pictures(lambda *pictures: stripe_ratios(STRIPE_LENGTH, *pictures), reference, completed, hole)
