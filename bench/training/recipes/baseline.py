"""What the recipes of the learned baselines share: configuration, the network on disk, stages that fill."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias

import torch

from baselines.network import InpaintingNetwork
from baselines.weights import load_state
from bench.errors import DataError, UnknownName, UsageError
from bench.training.batches import TrainingBatch
from bench.training.recipe import DataFacts, OptimizerSpec, Recipe, Stage, StageOutput, Tensors, refuse_parts
from bench.training.recipes import imagenet
from spgnet.features import ImageNetFeatures

__all__ = ["BaselineRecipe", "BaselineStage", "BaselineTraining", "FillStage", "Parts"]

Features: TypeAlias = Literal["auto", "vgg19", "alexnet", "none"]
_NEED_FEATURES = ("perceptual", "style")
_NEED_CRITIC = ("adversarial", "matching")


@dataclass(frozen=True)
class BaselineTraining:
    """Everything that is configured.

    Attributes:
        size: `paper` or `small`, of the network.
        weights: the generator's loss terms; a term of weight 0 is not made.
        shares: of the budget, by stage.
        learning_rate: Adam's, of the generator.
        critic_rate: Adam's, of the discriminators.
        betas: Adam's.
        critic_channels: of a discriminator's first layer.
        hole_weight: of a pixel in the hole, where one outside has weight 1, in terms over the whole picture.
        features: whose features perceptual and style terms compare. `auto` is VGG-19 or AlexNet if their ImageNet
            weights are at hand, and otherwise `none`: the terms are left out.
    """

    size: Literal["paper", "small"]
    weights: Mapping[str, float]
    shares: Mapping[str, float]
    learning_rate: float
    critic_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    critic_channels: int = 64
    hole_weight: float = 1.0
    features: Features = field(default="auto")

    def resolved(self) -> Self:
        """The same with `auto` replaced by what is at hand, and without the terms that need what is not."""
        features = self.features if self.features != "auto" else (imagenet.at_hand(("vgg19", "alexnet")) or "none")
        left_out = _NEED_FEATURES if features == "none" else ()
        weights = {name: 0.0 if name in left_out else weight for name, weight in self.weights.items()}
        return replace(self, features=features, weights=weights)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Parts:
    """What the stages of a baseline work with.

    Attributes:
        config: resolved.
        network: what is trained.
        critics: discriminators by name.
        features: of the perceptual and style terms, or None.
    """

    config: BaselineTraining
    network: InpaintingNetwork
    critics: Mapping[str, torch.nn.Module]
    features: ImageNetFeatures | None

    def maps(self, image: torch.Tensor) -> Sequence[torch.Tensor]:
        """Feature maps of pictures in [0, 1]; none without ImageNet weights."""
        maps: Sequence[torch.Tensor] = () if self.features is None else self.features(image)
        return maps


class BaselineStage(Stage):
    """What the stages share.

    Args:
        parts: of the recipe.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts, self.config = parts, parts.config
        self.share = self.config.shares[self.name]

    def spec(self, name: str, weights: Mapping[str, float], rate: float) -> OptimizerSpec:
        """A player that moves the network of its name; terms of weight 0 are left out."""
        used = {term: weight for term, weight in weights.items() if weight}
        return OptimizerSpec(name, (name,), used, rate, self.config.betas)


class FillStage(BaselineStage):
    """A stage in which the generator fills, with or without a discriminator.

    Attributes:
        judged: whether there is a discriminator, if a term that needs one has a weight.
        generator: name of the network that is trained.
    """

    judged = True
    generator = "generator"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        left_out = () if self.judged else _NEED_CRITIC
        weights = {name: weight for name, weight in self.config.weights.items() if name not in left_out}
        self.averaged = (self.generator,)
        self.optimizers = (self.spec(self.generator, weights, self.config.learning_rate),)
        if set(self.optimizers[0].weights) & set(_NEED_CRITIC):
            self.optimizers += (self.spec("critic", {"adversarial": 1.0}, self.config.critic_rate),)

    def forward(self, batch: TrainingBatch) -> Tensors:
        """The picture; raises UsageError for a single one, over which batch statistics are undefined."""
        if len(batch.ids) < 2:
            fix = "Give a --batch-size of two or more a process."
            raise UsageError("batch of a network with batch normalisation", "hold two pictures or more", "1", fix)
        return {"picture": self.parts.network(batch.hidden, batch.hole)}

    def losses(self, spec: str, batch: TrainingBatch, outputs: Tensors) -> Tensors:
        """The generator's terms that have a weight, or the discriminator's."""
        if spec == "critic":
            return {"adversarial": self.judge(batch, outputs)}
        weights = self.optimizers[0].weights
        terms = self.terms(batch, outputs)
        if set(weights) & set(_NEED_CRITIC):
            terms |= self.against(batch, outputs)
        return {name: term for name, term in terms.items() if name in weights}

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """The picture."""
        return StageOutput(image=self.parts.network(batch.hidden, batch.hole))

    @abstractmethod
    def terms(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, torch.Tensor]:
        """The generator's terms that need no discriminator; those without a weight may be among them."""

    def against(self, batch: TrainingBatch, outputs: Tensors) -> dict[str, torch.Tensor]:
        """The generator's terms that need one."""
        raise NotImplementedError

    def judge(self, batch: TrainingBatch, outputs: Tensors) -> torch.Tensor:
        """The discriminator's loss."""
        raise NotImplementedError


class BaselineRecipe(Recipe):
    """A baseline's network, discriminators and stages.

    Args:
        config: losses, weights, rates and shares.
        data: size of the pictures; label maps are not needed.

    Attributes:
        architecture: class of the network.
        presets: configurations by the names of `--config`.
    """

    needs_labels = False
    architecture: ClassVar[type[InpaintingNetwork]]
    presets: ClassVar[Mapping[str, BaselineTraining]]

    def __init__(self, config: BaselineTraining, data: DataFacts) -> None:
        config = config.resolved()
        self.network = self.make_network(config)
        features = imagenet.load(config.features) if config.features in ("vgg19", "alexnet") else None
        self.parts = Parts(config, self.network, self.make_critics(config, data), features)
        self.networks = {**self.generators(), **self.parts.critics}
        if features is not None:
            self.networks["features"] = features
        self.stages = self.make_stages()
        self.settings = config.to_dict()

    @classmethod
    def build(cls, config: str = "small", *, data: DataFacts) -> Self:
        """The recipe of a preset; raises UnknownName when there is no such preset."""
        if config not in cls.presets:
            raise UnknownName(f"config of recipe '{cls.name}'", config, cls.presets)
        return cls(cls.presets[config], data)

    def make_network(self, config: BaselineTraining) -> InpaintingNetwork:
        """An untrained network of the configured size."""
        sizes: Any = self.architecture.configuration
        return self.architecture(sizes.paper() if config.size == "paper" else sizes.small())

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, torch.nn.Module]:  # noqa: ARG002
        """The discriminators by name; none in a recipe that needs none."""
        return {}

    def generators(self) -> dict[str, torch.nn.Module]:
        """What the stages call the network, or its parts."""
        return {"generator": self.network}

    @abstractmethod
    def make_stages(self) -> tuple[Stage, ...]:
        """The stages in order."""

    def export(self, folder: Path, stages: Sequence[str]) -> None:  # noqa: ARG002 (one network, whatever was trained)
        """Write the network under the recipe's name, as its `from_pretrained` reads it."""
        self.network.save(folder / self.name)

    def start_from(self, folder: Path, networks: Sequence[str] = ()) -> None:
        """Read what `export` wrote; discriminators begin anew."""
        refuse_parts(self.name, networks)
        file = folder / f"{self.name}.safetensors"
        if not file.exists():
            fix = f"Give the folder weights/ of an earlier training of {self.name}."
            raise DataError(f"folder {folder}", f"hold {file.name}", "no such file", fix)
        load_state(self.network, self.architecture.from_pretrained(file).state_dict(), f"weights {file}")
