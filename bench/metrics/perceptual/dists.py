"""DISTS (Ding et al., 2020, "Image quality assessment: unifying structure and texture similarity"), by torchmetrics.

Reference: torchmetrics' network with the same weights; held to 1e-6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "dists"]

DEFINITIONS = (
    MetricDefinition(
        name="dists",
        title="DISTS",
        unit="",
        higher_is_better=False,
        summary="structure and texture similarity of VGG-16 features",
        definition=(
            "Ding et al., 2020, as torchmetrics computes it: the means of each feature map of VGG-16, with L2 pooling, "
            "and of the picture itself (texture), and their covariances (structure), compared as in SSIM; 1 minus the "
            "sum under the authors' weights. RGB from 0 to 1, as large as the pictures are: the authors' script first "
            "makes the shorter side 256."
        ),
        value_range="0 to about 1; 0 for equal pictures within rounding",
        reference="torchmetrics with the same weights",
        reference_tolerance=1e-6,
        blind_to=(
            "How large the hole is hides in it, as in every metric of the whole picture. It forgives texture that was "
            "drawn anew, and so also a wrong object of the right texture."
        ),
        implementation="bench.metrics.perceptual.backends.dists:dists_by_region",
        order=110,
        regions=("full",),
        parameters=(("net", "vgg"), ("input", "0..1"), ("resize", "none")),
        tolerance=1e-4,
        needs=("dists",),
    ),
)


def dists(reference: ArrayInput, completed: ArrayInput) -> torch.Tensor:
    """Structure and texture distance of each image, with the published weights.

    On CPU the value of an image is the same to the last bit whatever the batch, its order or the number of threads.
    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W] RGB, both sides at least 16 pixels.
        completed: uint8 [N, 3, H, W]; as many and as large.

    Returns:
        float64 [N] on the pictures' device; 0 for equal pictures within rounding.

    Raises:
        DataError: an argument is not what it must be, or the pictures are too small.
        WeightsMissing: the weights are neither at hand nor can be downloaded.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.perceptual.backends.dists import distance

    return score_pictures(lambda truth, answer, _: distance(truth, answer), reference, completed)
