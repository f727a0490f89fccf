"""VIF in the pixel domain (Sheikh and Bovik, 2006, "Image information and visual quality"), by torchmetrics.

Reference: the formula of the pixel domain with SciPy's convolutions in float64; held to 1e-6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "vif"]

DEFINITIONS = (
    MetricDefinition(
        name="vif",
        title="VIF",
        unit="",
        higher_is_better=True,
        summary="visual information fidelity in the pixel domain",
        definition=(
            "Sheikh and Bovik, 2006, in the pixel domain as torchmetrics computes it: at 4 scales (Gaussian "
            "windows of 17, 9, 5 and 3 pixels, sigma a fifth of that, valid area) the information that the completed "
            "picture shares with the truth, divided by the information of the truth; noise of variance 2 on the range "
            "0 to 255. Mean over R, G and B. Both sides must have at least 41 pixels; undefined where a channel of the "
            "truth is flat."
        ),
        value_range="0 to about 1; 1 for equal pictures, above 1 where contrast was raised",
        reference="the formula with SciPy's convolutions",
        reference_tolerance=1e-6,
        blind_to=(
            "How large the hole is hides in it, as in every metric of the whole picture. Contrast and texture that "
            "were added to the right place raise it. Shifts of brightness."
        ),
        implementation="bench.metrics.structural.backends.vif:vif_by_region",
        order=25,
        regions=("full",),
        parameters=(("domain", "pixel"), ("scales", "4"), ("noise", "2"), ("channels", "rgb"), ("range", "255")),
    ),
)


def vif(reference: ArrayInput, completed: ArrayInput) -> torch.Tensor:
    """Visual information fidelity of each image in the pixel domain.

    The value of an image does not depend on those beside it. Arrays and pictures of Pillow do, too; a single one gives
    a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W], the truth, both sides at least 41 pixels.
        completed: uint8 [N, 3, H, W]; as many and as large.

    Returns:
        float64 [N] on the pictures' device: 1 for equal pictures, NaN where a channel of the truth is flat.

    Raises:
        DataError: an argument is not what it must be, or the pictures are too small.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.structural.backends.vif import information_fidelity

    return score_pictures(lambda truth, answer, _: information_fidelity(truth, answer), reference, completed)
