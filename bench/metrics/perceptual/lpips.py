"""LPIPS on three networks (Zhang et al., 2018), version 0.1."""

from __future__ import annotations

from bench.metrics.definition import MetricDefinition

__all__ = ["DEFINITIONS", "PARAMETERS", "TOLERANCE"]

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
        implementation="bench.metrics.deep_features:lpips_by_region",
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
