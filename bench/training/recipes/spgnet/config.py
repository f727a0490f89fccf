"""How SPG-Net is trained: losses, their weights, learning rates and shares of the budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeAlias

from bench.training.recipes import imagenet
from spgnet import DiscriminatorConfig, SPGNetConfig

__all__ = ["PRESETS", "SPGNetTraining"]

Features: TypeAlias = Literal["auto", "segmenter", "vgg19", "alexnet"]


def _shares() -> dict[str, float]:
    return {"segmenter": 0.15, "sp-net": 0.25, "sg-net": 0.6, "joint": 0.3, "unguided": 0.6}


@dataclass(frozen=True)
class SPGNetTraining:
    """Everything that is configured, with pix2pixHD's defaults where the paper is silent.

    Attributes:
        size: `paper` or `small`, of the networks.
        critic: the discriminators, of label maps and of pictures.
        adversarial: kind of adversarial loss.
        features: whose features the perceptual loss compares. `segmenter` is the trained front end's encoder; `auto` is
            AlexNet (the paper's) or VGG-19 if their weights are at hand, else the segmenter.
        label_weights: SP-Net's loss terms: `adversarial`, `matching`, `cross_entropy`. A term of weight 0 is not made.
        picture_weights: SG-Net's loss terms: `adversarial`, `matching`, `perceptual`, `l1`. Likewise.
        hole_weight: of a pixel in the hole, where one outside has weight 1, in cross-entropy and L1.
        hole_share: of every picture's L1 that its hole has, however small; None: pixels are weighted alone.
        true_guidance: share of the pictures that SG-Net paints under the true label map instead of SP-Net's, so that it
            also follows label maps that are edited or given.
        learning_rate, betas: Adam's, of SP-Net, SG-Net and discriminators.
        segmenter_rate, segmenter_betas: Adam's, of the segmenter.
        shares: of the budget, by stage. `unguided` has SG-Net's, so that the ablation is fair.
    """

    size: Literal["paper", "small"] = "paper"
    critic: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    adversarial: Literal["lsgan", "hinge"] = "lsgan"
    features: Features = "auto"
    label_weights: Mapping[str, float] = field(
        default_factory=lambda: {"adversarial": 1.0, "matching": 10.0, "cross_entropy": 0.0}
    )
    picture_weights: Mapping[str, float] = field(
        default_factory=lambda: {"adversarial": 1.0, "matching": 10.0, "perceptual": 10.0, "l1": 0.0}
    )
    hole_weight: float = 1.0
    hole_share: float | None = None
    true_guidance: float = 0.5
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    segmenter_rate: float = 5e-4
    segmenter_betas: tuple[float, float] = (0.9, 0.999)
    shares: Mapping[str, float] = field(default_factory=_shares)

    def networks(self, classes: tuple[str, ...], *, guided: bool = True) -> SPGNetConfig:
        """The networks' sizes."""
        make = SPGNetConfig.paper if self.size == "paper" else SPGNetConfig.small
        return make(classes, guided=guided)

    def resolved(self) -> SPGNetTraining:
        """The same with `auto` replaced by what is at hand on this machine."""
        if self.features != "auto":
            return self
        return replace(self, features=imagenet.at_hand(("alexnet", "vgg19")) or "segmenter")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


_SMALL = SPGNetTraining(
    size="small",
    critic=DiscriminatorConfig(base_channels=32),
    features="segmenter",
    label_weights={"adversarial": 0.2, "matching": 2.0, "cross_entropy": 10.0},
    picture_weights={"adversarial": 0.3, "matching": 3.0, "perceptual": 3.0, "l1": 30.0},
    hole_weight=5.0,
    true_guidance=0.25,
)

_RECONSTRUCTION = replace(
    _SMALL,
    label_weights={**_SMALL.label_weights, "adversarial": 0.0, "matching": 0.0},
    picture_weights={"adversarial": 0.0, "matching": 0.0, "perceptual": 0.0, "l1": 30.0},
    learning_rate=8e-4,
    betas=(0.9, 0.999),
    segmenter_rate=1e-3,
)

PRESETS: dict[str, SPGNetTraining] = {
    "paper": SPGNetTraining(),
    "small": _SMALL,
    "small-reconstruction": _RECONSTRUCTION,
    "small-fill": replace(_RECONSTRUCTION, hole_share=0.9, true_guidance=0.1),
}
"""By the names of `--config`. `small` leans on cross-entropy and L1: it is trained for hours, not for days.
`small-reconstruction` is the same without discriminators, twice as fast: for the first part of a training. `small-fill`
is for its end: nine tenths of every picture's L1 are the hole's, where elsewhere a small hole counts for little."""
