"""EdgeConnect: edges first, then fills under true edges, then fills under drawn ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.edge_connect import EdgeConnect, edges_of, grey
from bench.training.batches import TrainingBatch
from bench.training.recipe import DataFacts, Stage, StageOutput, Tensors
from bench.training.recipes.baseline import BaselineRecipe, BaselineStage, BaselineTraining, FillStage, Parts
from bench.training.recipes.losses import critic_entropy, generator_entropy, style, weighted_mean
from spgnet import Discriminator, DiscriminatorConfig
from spgnet.losses import perceptual

__all__ = ["PRESETS", "EdgeConnectRecipe", "EdgeConnectTraining", "build"]

_SHARES = {"edges": 0.4, "fill": 0.4, "adapt": 0.2}


@dataclass(frozen=True)
class EdgeConnectTraining(BaselineTraining):
    """Everything that is configured.

    Attributes:
        edge_weights: loss terms of the edge generator; `weights` are those of the fill generator.
    """

    edge_weights: Mapping[str, float] = field(
        default_factory=lambda: {"adversarial": 1.0, "matching": 10.0, "cross_entropy": 0.0}
    )


class Edges(BaselineStage):
    """The edge generator completes the edges of the true picture."""

    name = "edges"
    averaged = ("edge generator",)

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.optimizers = (
            self.spec("edge generator", _training(self.config).edge_weights, self.config.learning_rate),
            self.spec("edge critic", {"adversarial": 1.0}, self.config.critic_rate),
        )

    def forward(self, batch: TrainingBatch) -> Tensors:
        """The true edges, and the drawn ones."""
        true = edges_of(batch.image, torch.zeros_like(batch.hole))
        return {"true": true, "drawn": _network(self.parts).draw(batch.hidden, batch.hole, true)}

    def losses(self, spec: str, batch: TrainingBatch, outputs: Tensors) -> Tensors:
        """The generator's terms, or the discriminator's."""
        luminance = grey(batch.image)
        true, drawn = (torch.cat([luminance, outputs[name]], dim=1) for name in ("true", "drawn"))
        critic = self.parts.critics["edge critic"]
        if spec == "edge critic":
            return {"adversarial": critic_entropy(critic(true)[0][-1], critic(drawn)[0][-1])}
        with torch.no_grad():
            real = critic(true)[0]
        fake = critic(drawn)[0]
        distances = [functional.l1_loss(f.float(), r.float()) for r, f in zip(real, fake, strict=True)]
        error = _entropy(outputs["drawn"], outputs["true"])
        terms = {
            "adversarial": generator_entropy(fake[-1]),
            "matching": torch.stack(distances).sum(),
            "cross_entropy": weighted_mean(error, batch.hole, self.config.hole_weight),
        }
        return {name: term for name, term in terms.items() if name in self.optimizers[0].weights}

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """No picture yet; the sheet shows the edges."""
        known = edges_of(batch.hidden, batch.hole)
        drawn = _network(self.parts).draw(batch.hidden, batch.hole, known)
        return StageOutput(extra={"edges": torch.where(batch.hole, drawn, known).expand(-1, 3, -1, -1)})


class Fill(FillStage):
    """The fill generator paints under the true edges."""

    name = "fill"
    generator = "fill generator"
    after: tuple[str, ...] = ("edges",)

    def edges(self, batch: TrainingBatch) -> Tensor:
        """The edges to paint under."""
        return edges_of(batch.image, torch.zeros_like(batch.hole))

    def forward(self, batch: TrainingBatch) -> Tensors:
        """The picture."""
        return {"picture": _network(self.parts).paint(batch.hidden, batch.hole, self.edges(batch))}

    def terms(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:
        """L1 over the hole's share of the picture; features of the picture, and the style of its hole."""
        picture, share = outputs["picture"], batch.hole.float().mean()
        error = (picture - batch.image).abs()
        terms = {"l1": weighted_mean(error, batch.hole, self.config.hole_weight) / share}
        if self.parts.features is not None:
            real, made = self.parts.maps(batch.image), self.parts.maps(picture)
            terms["perceptual"] = perceptual(real, made, [1.0] * len(real))
            holes = [self.parts.maps(image * batch.hole) for image in (batch.image, picture)]
            terms["style"] = style(*holes)
        return terms

    def against(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, Tensor]:  # noqa: ARG002
        """Cross-entropy of the scores."""
        return {"adversarial": generator_entropy(self.parts.critics["critic"](outputs["picture"])[0][-1])}

    def judge(self, batch: TrainingBatch, outputs: Tensors) -> Tensor:
        """Cross-entropy on true and made pictures."""
        critic = self.parts.critics["critic"]
        return critic_entropy(critic(batch.image)[0][-1], critic(outputs["picture"])[0][-1])


class Adapt(Fill):
    """The fill generator paints under what the frozen edge generator draws."""

    name = "adapt"
    after = ("edges", "fill")

    def edges(self, batch: TrainingBatch) -> Tensor:
        """Known edges, and drawn ones in the hole."""
        known = edges_of(batch.hidden, batch.hole)
        with torch.no_grad():
            drawn = _network(self.parts).draw(batch.hidden, batch.hole, known)
        return torch.where(batch.hole, drawn, known)


PRESETS = {
    "paper": EdgeConnectTraining(
        "paper",
        {"l1": 1.0, "adversarial": 0.01, "perceptual": 1.0, "style": 250.0},
        _SHARES,
        learning_rate=1e-4,
        critic_rate=1e-5,
        betas=(0.0, 0.9),
    ),
    "small": EdgeConnectTraining(
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
    ),
}
"""By the names of `--config`."""


class EdgeConnectRecipe(BaselineRecipe):
    """EdgeConnect with the weights of the authors' example configuration; `small` leans on cross-entropy and L1."""

    name = "edge-connect"
    architecture = EdgeConnect
    presets = PRESETS

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
        """Edges, fills, fills under drawn edges."""
        return Edges(self.parts), Fill(self.parts), Adapt(self.parts)


build = EdgeConnectRecipe.build


def _network(parts: Parts) -> EdgeConnect:
    return cast("EdgeConnect", parts.network)


def _training(config: BaselineTraining) -> EdgeConnectTraining:
    return cast("EdgeConnectTraining", config)


def _entropy(drawn: Tensor, true: Tensor) -> Tensor:
    """Binary cross-entropy of probabilities, by pixel."""
    with torch.autocast(drawn.device.type, enabled=False):
        return functional.binary_cross_entropy(drawn.float(), true.float(), reduction="none")
