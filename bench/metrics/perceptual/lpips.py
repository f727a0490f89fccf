"""LPIPS (Zhang et al., 2018, "The unreasonable effectiveness of deep features as a perceptual metric"), version 0.1.

Reference: the `lpips` package and torchmetrics with the same weights; held to a relative 1e-5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput
    from bench.metrics.perceptual.backends.network import LpipsNet

__all__ = ["DEFINITIONS", "PARAMETERS", "TOLERANCE", "lpips"]

PARAMETERS = (("lpips", "0.1"), ("input", "-1..1"))
"""What all scores of LPIPS have in common; the network stands before them."""

TOLERANCE = 1e-4

_NETS = {
    "alex": ("Alex", "AlexNet", "the usual one, and the one of its paper's table"),
    "vgg": ("VGG", "VGG-16", "what LaMa reports"),
    "squeeze": ("Squeeze", "SqueezeNet 1.1", "the lightest"),
}

DEFINITIONS = tuple(
    MetricDefinition(
        name=f"lpips-{net}",
        title=f"LPIPS ({short})",
        unit="",
        higher_is_better=False,
        summary=f"learned perceptual distance on {network}, version 0.1: {use}",
        definition=(
            f"Zhang et al., 2018: features of {network} at every layer, scaled to unit length in the channels; squared "
            "differences, weighted by the learned linear layers of version 0.1, summed over channels, averaged over "
            "the picture, summed over layers. RGB scaled to -1 to 1."
        ),
        value_range="0 to about 1; exactly 0 for equal pictures",
        reference="`lpips.LPIPS` and torchmetrics with the same weights, relative",
        reference_tolerance=1e-5,
        blind_to=(
            "How large the hole is hides in it, as in every metric of the whole picture. It forgives shifted texture, "
            "and also wrong objects of the right texture."
        ),
        implementation="bench.metrics.perceptual.backends.distance:lpips_by_region",
        order=100 + place,
        regions=("full",),
        parameters=(("net", net), *PARAMETERS),
        options=(("net", net),),
        tolerance=TOLERANCE,
        margins=(("full", "0.002"),) if net == "alex" else (),
        needs=(f"lpips-{net}",),
    )
    for place, (net, (short, network, use)) in enumerate(_NETS.items())
)


def lpips(reference: ArrayInput, completed: ArrayInput, net: LpipsNet = "alex") -> torch.Tensor:
    """Learned perceptual distance of each image, version 0.1, with the published weights.

    On CPU the value of an image is the same to the last bit whatever the batch, its order or the number of threads.

    Arrays and pictures of Pillow do, too; a single one gives a value without axes (`bench.metrics.conversion`).

    Args:
        reference: uint8 [N, 3, H, W] RGB.
        completed: uint8 [N, 3, H, W]; as many and as large.
        net: `alex` (what LPIPS as a metric means), `vgg` (as LaMa reports it) or `squeeze`.

    Returns:
        float64 [N] on the pictures' device, at least 0 with the published weights; 0 for equal pictures.

    Raises:
        DataError: an argument is not what it must be, or the pictures are too small.
        UnknownName: another network.
        WeightsMissing: the weights are neither at hand nor can be downloaded.
    """
    from bench.metrics.conversion import score_pictures
    from bench.metrics.perceptual.backends.distance import distance

    return score_pictures(lambda truth, answer, _: distance(truth, answer, net), reference, completed)
