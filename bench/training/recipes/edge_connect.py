"""EdgeConnect: first the edges, then fills from true edges, then fills from predicted edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.edge_connect import EdgeConnect, edges_of, grey
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, StageOutput, TensorMapping
from bench.training.recipes.baseline import BaselineRecipe, BaselineStage, BaselineTraining, Components, FillStage
from bench.training.recipes.judged_fill import JudgedFill, judged
from bench.training.recipes.losses import (
    discriminator_cross_entropy,
    generator_cross_entropy,
    style_loss,
    weighted_mean,
)
from spgnet import Discriminator, DiscriminatorConfig
from spgnet.losses import perceptual

__all__ = ["PRESETS", "EdgeConnectRecipe", "EdgeConnectTraining", "build"]

_SHARES = {"edges": 0.4, "fill": 0.4, "adapt": 0.2}


@dataclass(frozen=True)
class EdgeConnectTraining(BaselineTraining):
    """The configuration of EdgeConnect's training.

    Attributes:
        edge_weights: of the edge generator's loss terms; `weights` are those of the fill generator.
    """

    edge_weights: Mapping[str, float] = field(
        default_factory=lambda: {"adversarial": 1.0, "matching": 10.0, "cross_entropy": 0.0}
    )


class Edges(BaselineStage):
    """The edge generator completes the edges of the true picture."""

    name = "edges"
    averaged = ("edge generator",)

    def __init__(self, components: Components) -> None:
        super().__init__(components)
        self.optimizers = (
            self.optimizer_spec("edge generator", _training(self.config).edge_weights, self.config.learning_rate),
            self.optimizer_spec("edge critic", {"adversarial": 1.0}, self.config.critic_rate),
        )

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """The true edges, and the predicted edges."""
        true = edges_of(batch.image, torch.zeros_like(batch.hole))
        return {"true": true, "predicted": _network(self.components).draw(batch.hidden, batch.hole, true)}

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:
        """The generator's loss terms, or the discriminator's loss."""
        luminance = grey(batch.image)
        true, predicted = (torch.cat([luminance, outputs[name]], dim=1) for name in ("true", "predicted"))
        critic = self.components.critics["edge critic"]
        if optimizer == "edge critic":
            return {"adversarial": discriminator_cross_entropy(critic(true)[0][-1], critic(predicted)[0][-1])}
        with torch.no_grad():
            real = critic(true)[0]
        fake = critic(predicted)[0]
        distances = [functional.l1_loss(f.float(), r.float()) for r, f in zip(real, fake, strict=True)]
        error = _binary_cross_entropy(outputs["predicted"], outputs["true"])
        terms = {
            "adversarial": generator_cross_entropy(fake[-1]),
            "matching": torch.stack(distances).sum(),
            "cross_entropy": weighted_mean(error, batch.hole, self.config.hole_weight),
        }
        return {name: term for name, term in terms.items() if name in self.optimizers[0].weights}

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """No picture yet; the sample grid shows the edges."""
        known = edges_of(batch.hidden, batch.hole)
        predicted = _network(self.components).draw(batch.hidden, batch.hole, known)
        return StageOutput(extra={"edges": torch.where(batch.hole, predicted, known).expand(-1, 3, -1, -1)})


class EdgeConnectFill(FillStage):
    """The fill generator fills from the true edges."""

    name = "fill"
    generator = "fill generator"
    after: tuple[str, ...] = ("edges",)

    def edges(self, batch: TrainingBatch) -> Tensor:
        """The edges that the generator is given."""
        return edges_of(batch.image, torch.zeros_like(batch.hole))

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """The filled pictures."""
        return {"picture": _network(self.components).paint(batch.hidden, batch.hole, self.edges(batch))}

    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:
        """L1 divided by the share of the hole; perceptual term of the picture, and style term of its hole."""
        picture, share = outputs["picture"], batch.hole.float().mean()
        error = (picture - batch.image).abs()
        terms = {"l1": weighted_mean(error, batch.hole, self.config.hole_weight) / share}
        if self.components.features is not None:
            real, made = self.components.feature_maps(batch.image), self.components.feature_maps(picture)
            terms["perceptual"] = perceptual(real, made, [1.0] * len(real))
            holes = [self.components.feature_maps(image * batch.hole) for image in (batch.image, picture)]
            terms["style"] = style_loss(*holes)
        return terms

    def adversarial_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, Tensor]:  # noqa: ARG002
        """Cross-entropy of the logits on filled pictures."""
        return {"adversarial": generator_cross_entropy(self.components.critics["critic"](outputs["picture"])[0][-1])}

    def discriminator_loss(self, batch: TrainingBatch, outputs: TensorMapping) -> Tensor:
        """Cross-entropy of the logits on true and filled pictures."""
        critic = self.components.critics["critic"]
        return discriminator_cross_entropy(critic(batch.image)[0][-1], critic(outputs["picture"])[0][-1])


class Adapt(EdgeConnectFill):
    """The fill generator fills from the edges that the frozen edge generator predicts."""

    name = "adapt"
    after: tuple[str, ...] = ("edges", "fill")

    def edges(self, batch: TrainingBatch) -> Tensor:
        """Known edges, and predicted edges in the hole."""
        known = edges_of(batch.hidden, batch.hole)
        with torch.no_grad():
            predicted = _network(self.components).draw(batch.hidden, batch.hole, known)
        return torch.where(batch.hole, predicted, known)


class JudgedEdgeConnect(JudgedFill, Adapt):
    """The fill generator on SG-Net's terms, from the edges that the frozen edge generator predicts."""

    after = ("edges",)


_SMALL = EdgeConnectTraining(
    "small",
    {"l1": 1.0, "adversarial": 0.01, "perceptual": 0.0, "style": 0.0},
    _SHARES,
    learning_rate=5e-4,
    critic_rate=1e-4,
    betas=(0.5, 0.999),
    critic_channels=16,
    hole_weight=5.0,
    features="none",
    edge_weights={"adversarial": 0.1, "matching": 1.0, "cross_entropy": 5.0},
)

PRESETS = {
    "paper": EdgeConnectTraining(
        "paper",
        {"l1": 1.0, "adversarial": 0.01, "perceptual": 1.0, "style": 250.0},
        _SHARES,
        learning_rate=1e-4,
        critic_rate=1e-5,
        betas=(0.0, 0.9),
    ),
    "small": _SMALL,
    "small-adversarial": judged(_SMALL),
}
"""By the names of `--config`. `small-adversarial` goes on from weights of `small`, on SG-Net's terms: give `--stages
adversarial`, so that the edge generator stays as it is."""


class EdgeConnectRecipe(BaselineRecipe):
    """EdgeConnect as in the authors' example configuration; `small` has more weight on cross-entropy and L1."""

    name = "edge-connect"
    architecture = EdgeConnect
    presets = PRESETS
    judged = (Edges, JudgedEdgeConnect)

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, nn.Module]:  # noqa: ARG002
        """Patch discriminators with spectral norm: of grey picture and edges, and of pictures."""
        channels = config.critic_channels
        shape = DiscriminatorConfig(scales=1, base_channels=channels, norm="none", spectral_norm=True)
        return {"edge critic": Discriminator(shape, 2), "critic": Discriminator(shape, 3)}

    def generators(self) -> dict[str, nn.Module]:
        """Both generators, which are trained one after the other."""
        network = cast("EdgeConnect", self.network)
        return {"edge generator": network.edge_generator, "fill generator": network.fill_generator}

    def make_stages(self) -> tuple[Stage, ...]:
        """Edges, fills from true edges, fills from predicted edges."""
        return Edges(self.components), EdgeConnectFill(self.components), Adapt(self.components)


build = EdgeConnectRecipe.build


def _network(components: Components) -> EdgeConnect:
    return cast("EdgeConnect", components.network)


def _training(config: BaselineTraining) -> EdgeConnectTraining:
    return cast("EdgeConnectTraining", config)


def _binary_cross_entropy(predicted: Tensor, true: Tensor) -> Tensor:
    """Binary cross-entropy of probabilities, by pixel."""
    with torch.autocast(predicted.device.type, enabled=False):
        return functional.binary_cross_entropy(predicted.float(), true.float(), reduction="none")
