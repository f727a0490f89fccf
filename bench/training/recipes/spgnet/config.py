"""How SPG-Net is trained: losses, their weights, learning rates and shares of the budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeAlias

from bench.training.recipe import Ramp
from bench.training.recipes import imagenet
from spgnet import DiscriminatorConfig, SPGNetConfig
from spgnet.config import Upsampling

__all__ = ["PRESETS", "SPGNetTraining"]

Features: TypeAlias = Literal["auto", "segmenter", "vgg19", "alexnet"]


def _shares() -> dict[str, float]:
    return {"segmenter": 0.15, "sp-net": 0.25, "sg-net": 0.6, "joint": 0.3, "unguided": 0.6}


@dataclass(frozen=True)
class SPGNetTraining:
    """The configuration of SPG-Net's training, with the defaults of pix2pixHD where the paper gives none.

    Attributes:
        size: `paper` or `small`, of the networks.
        critic: the discriminators, of label maps and of pictures.
        adversarial: kind of adversarial loss.
        features: network of the perceptual loss. `segmenter` is the encoder of the trained segmenter; `auto` is AlexNet
            (as in the paper) or VGG-19 if their weights are on this machine, else the segmenter.
        label_weights: of SP-Net's loss terms: `adversarial`, `matching`, `cross_entropy`; a term of weight 0 is not
            computed.
        picture_weights: of SG-Net's loss terms: `adversarial`, `matching`, `perceptual`, `l1`; the same holds.
        composited: whether the discriminators of pictures, feature matching and the perceptual loss are given the
            composited picture, so that only what is in the hole is judged: patches of it without a hole pixel count as
            real, and the adversarial term is a mean over the others. L1 stays on SG-Net's own output.
        ramp: when the terms `adversarial` and `matching` take effect, so that discriminators are ahead; None: at once.
        r1_weight: of the squared gradient of a discriminator on true pictures; 0: not computed.
        label_smoothing: share of the target of SP-Net's cross-entropy that is spread evenly over all classes.
        label_dropout, label_downscale: `dropout` and `downscale` of SP-Net, see `GeneratorConfig`.
        base_channels: of SP-Net and of SG-Net; None: those of the size.
        upsampling, skips: of SG-Net, see `GeneratorConfig`; with `skips` it is `spgnet+`, not the paper's network.
        hole_weight: weight of a pixel in the hole, in cross-entropy and L1; a pixel outside has weight 1.
        hole_share: share of the hole in the L1 of every picture, whatever the size of the hole; None: `hole_weight`
            is used.
        border_discount: with `hole_share`, the weight in the L1 of the hole falls by this factor with every pixel of
            distance to the known pixels; 1: it does not.
        true_guidance: share of the pictures for which SG-Net is given the true label map instead of SP-Net's, so that
            it also follows label maps that are edited.
        learning_rate, betas: of Adam, for SP-Net, SG-Net and discriminators.
        segmenter_rate, segmenter_betas: of Adam, for the segmenter.
        shares: of the budget, by stage. `unguided` has the share of SG-Net, so that the ablation is fair.
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
    composited: bool = False
    ramp: Ramp | None = None
    r1_weight: float = 0.0
    label_smoothing: float = 0.0
    label_dropout: float = 0.0
    label_downscale: int = 1
    base_channels: tuple[int, int] | None = None
    upsampling: Upsampling = "transposed"
    skips: bool = False
    hole_weight: float = 1.0
    hole_share: float | None = None
    border_discount: float = 1.0
    true_guidance: float = 0.5
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    segmenter_rate: float = 5e-4
    segmenter_betas: tuple[float, float] = (0.9, 0.999)
    shares: Mapping[str, float] = field(default_factory=_shares)

    def networks(self, classes: tuple[str, ...], *, guided: bool = True) -> SPGNetConfig:
        """The configuration of the networks."""
        make = SPGNetConfig.paper if self.size == "paper" else SPGNetConfig.small
        made = make(classes, guided=guided)
        labels, pictures = self.base_channels or (made.spnet.base_channels, made.sgnet.base_channels)
        dropout, downscale = self.label_dropout, self.label_downscale
        return replace(
            made,
            spnet=replace(made.spnet, base_channels=labels, dropout=dropout, downscale=downscale),
            sgnet=replace(made.sgnet, base_channels=pictures, upsampling=self.upsampling, skips=self.skips),
        )

    def resolved(self) -> SPGNetTraining:
        """The same with `auto` replaced by a network whose weights are on this machine."""
        if self.features != "auto":
            return self
        return replace(self, features=imagenet.first_available(("alexnet", "vgg19")) or "segmenter")

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

_ADVERSARIAL_TERMS = {"adversarial": 0.5, "matching": 5.0, "perceptual": 5.0, "l1": 10.0}

_ADVERSARIAL = replace(
    _SMALL,
    critic=DiscriminatorConfig(base_channels=32, spectral_norm=True),
    picture_weights=_ADVERSARIAL_TERMS,
    composited=True,
    ramp=Ramp(0.1, 0.4),
    upsampling="resize",
    hole_share=0.9,
    true_guidance=0.1,
)

PRESETS: dict[str, SPGNetTraining] = {
    "paper": SPGNetTraining(),
    "paper-adversarial": replace(
        _ADVERSARIAL,
        size="paper",
        critic=DiscriminatorConfig(spectral_norm=True),
        features="auto",
        label_weights=SPGNetTraining().label_weights,
        true_guidance=0.5,
    ),
    "small": _SMALL,
    "small-reconstruction": _RECONSTRUCTION,
    "small-labels-smoothed": replace(_RECONSTRUCTION, label_smoothing=0.1),
    "small-labels-dropout": replace(_RECONSTRUCTION, label_dropout=0.1),
    "small-labels-half-size": replace(_RECONSTRUCTION, label_downscale=2),
    "small-labels-larger": replace(_RECONSTRUCTION, base_channels=(19, 12)),
    "small-labels-regularised": replace(_RECONSTRUCTION, label_smoothing=0.1, label_dropout=0.1),
    "small-fill": replace(_RECONSTRUCTION, hole_share=0.9, true_guidance=0.1),
    "small-adversarial": _ADVERSARIAL,
    "small-adversarial-transposed": replace(_ADVERSARIAL, upsampling="transposed"),
    "small-adversarial-bilinear": replace(_ADVERSARIAL, upsampling="resize-bilinear"),
    "small-adversarial-border": replace(_ADVERSARIAL, border_discount=0.97),
    "small-adversarial-skips": replace(_ADVERSARIAL, skips=True),
    "small-adversarial-plus": replace(_ADVERSARIAL, skips=True, border_discount=0.97),
    "small-adversarial-none": replace(
        _ADVERSARIAL, picture_weights={**_ADVERSARIAL_TERMS, "adversarial": 0.0, "matching": 0.0}
    ),
}
"""By the names of `--config`. `small` has most weight on cross-entropy and L1, for trainings of hours, not days.
`small-reconstruction` is the same without discriminators and twice as fast, for the first part of a training.
The presets `small-labels-` change one thing of `small-reconstruction` for the stage `sp-net`, so that its labels may
hold on pictures of another place: smoothed targets, dropout, half of the size, or a larger SP-Net beside a smaller
SG-Net, of as many parameters together; `small-labels-regularised` has the first two.
`small-fill` is for its end: the hole has nine tenths of the L1 of every picture, even if it is small.
`small-adversarial` is for its very end: discriminators judge composited pictures. The names that begin with it say
what they change: `-none` leaves the discriminators out, `-plus` has skip connections and the border weighting."""
