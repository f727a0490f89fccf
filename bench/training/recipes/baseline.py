"""Base classes of the recipes of the learned baselines: configuration, stages that fill, weights on disk."""

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
from bench.training.data.batches import TrainingBatch
from bench.training.recipe import (
    DataFacts,
    OptimizerSpec,
    Ramp,
    Recipe,
    Stage,
    StageOutput,
    TensorMapping,
    refuse_single_networks,
)
from bench.training.recipes import imagenet
from spgnet import Discriminator, DiscriminatorConfig
from spgnet.features import ImageNetFeatures

__all__ = ["BaselineRecipe", "BaselineStage", "BaselineTraining", "Components", "FillStage"]

Features: TypeAlias = Literal["auto", "vgg19", "alexnet", "none"]
_NEED_FEATURES = ("perceptual", "style")
_NEED_CRITIC = ("adversarial", "matching")


@dataclass(frozen=True)
class BaselineTraining:
    """The configuration of a baseline's training.

    Attributes:
        size: `paper` or `small`, of the network.
        weights: of the generator's loss terms; a term of weight 0 is not computed.
        shares: of the budget, by stage.
        learning_rate: of the generator's Adam.
        critic_rate: learning rate of the discriminators' Adam.
        betas: of Adam.
        critic_channels: channels of a discriminator's first layer.
        hole_weight: weight of a pixel in the hole, in terms over the whole picture; a pixel outside has weight 1.
        features: network of the perceptual and style terms. `auto` is VGG-19 or AlexNet if their ImageNet weights are
            on this machine, and otherwise `none`: the terms are left out.
        judge: discriminator of the composited picture in place of the recipe's own, for a training as of
            `bench.training.recipes.judged_fill`; None: the recipe's own stages and losses.
        ramp: with `judge`, when the terms that need it take effect; None: at once.
        hole_share: with `judge`, share of the hole in the L1 of every picture.
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
    judge: DiscriminatorConfig | None = None
    ramp: Ramp | None = None
    hole_share: float = 0.9

    def resolved(self) -> Self:
        """The same with `auto` replaced by a network on this machine; without one, its terms get weight 0."""
        features = (
            self.features if self.features != "auto" else (imagenet.first_available(("vgg19", "alexnet")) or "none")
        )
        left_out = _NEED_FEATURES if features == "none" else ()
        weights = {name: 0.0 if name in left_out else weight for name, weight in self.weights.items()}
        return replace(self, features=features, weights=weights)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Components:
    """The parts of a baseline that its stages use.

    Attributes:
        config: resolved.
        network: the network that is trained.
        critics: discriminators by name.
        features: network of the perceptual and style terms, or None.
    """

    config: BaselineTraining
    network: InpaintingNetwork
    critics: Mapping[str, torch.nn.Module]
    features: ImageNetFeatures | None

    def feature_maps(self, image: torch.Tensor) -> Sequence[torch.Tensor]:
        """Feature maps of pictures in [0, 1]; none without ImageNet weights."""
        maps: Sequence[torch.Tensor] = () if self.features is None else self.features(image)
        return maps


class BaselineStage(Stage):
    """Base class of the stages of a baseline.

    Args:
        components: of the recipe.
    """

    def __init__(self, components: Components) -> None:
        self.components, self.config = components, components.config
        self.share = self.config.shares[self.name]

    def optimizer_spec(self, name: str, weights: Mapping[str, float], learning_rate: float) -> OptimizerSpec:
        """An optimizer of the network of the same name; terms of weight 0 are left out."""
        used = {term: weight for term, weight in weights.items() if weight}
        return OptimizerSpec(name, (name,), used, learning_rate, self.config.betas)


class FillStage(BaselineStage):
    """A stage in which the generator learns to fill, with or without a discriminator.

    Attributes:
        adversarial: whether the stage has a discriminator, if a term that needs one has a weight.
        generator: name of the network that is trained.
    """

    adversarial = True
    generator = "generator"

    def __init__(self, components: Components) -> None:
        super().__init__(components)
        left_out = () if self.adversarial else _NEED_CRITIC
        weights = {name: weight for name, weight in self.config.weights.items() if name not in left_out}
        self.averaged = (self.generator,)
        self.optimizers = (self.optimizer_spec(self.generator, weights, self.config.learning_rate),)
        if set(self.optimizers[0].weights) & set(_NEED_CRITIC):
            self.optimizers += (self.optimizer_spec("critic", {"adversarial": 1.0}, self.config.critic_rate),)

    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """The filled pictures; raises UsageError for a batch of one, which has no batch statistics."""
        if len(batch.ids) < 2:
            fix = "Give a --batch-size of two or more a process."
            raise UsageError("batch of a network with batch normalisation", "hold two pictures or more", "1", fix)
        return {"picture": self.components.network(batch.hidden, batch.hole)}

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:
        """The generator's loss terms that have a weight, or the discriminator's loss."""
        if optimizer == "critic":
            return {"adversarial": self.discriminator_loss(batch, outputs)}
        weights = self.optimizers[0].weights
        terms = self.reconstruction_terms(batch, outputs)
        if set(weights) & set(_NEED_CRITIC):
            terms |= self.adversarial_terms(batch, outputs)
        return {name: term for name, term in terms.items() if name in weights}

    def predict(self, batch: TrainingBatch) -> StageOutput:
        """The filled pictures."""
        return StageOutput(image=self.components.network(batch.hidden, batch.hole))

    @abstractmethod
    def reconstruction_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, torch.Tensor]:
        """The generator's loss terms that need no discriminator; terms without a weight are ignored."""

    def adversarial_terms(self, batch: TrainingBatch, outputs: TensorMapping) -> dict[str, torch.Tensor]:
        """The generator's loss terms that need the discriminator."""
        raise NotImplementedError

    def discriminator_loss(self, batch: TrainingBatch, outputs: TensorMapping) -> torch.Tensor:
        """The discriminator's loss."""
        raise NotImplementedError


class BaselineRecipe(Recipe):
    """Base class of the recipe of a baseline: its network, discriminators and stages.

    Args:
        config: loss weights, learning rates and shares of the budget.
        data: size of the pictures; label maps are not needed.

    Attributes:
        architecture: class of the network.
        presets: configurations by the names of `--config`.
        judged: the stages of a configuration with `judge`.
    """

    needs_labels = False
    architecture: ClassVar[type[InpaintingNetwork]]
    presets: ClassVar[Mapping[str, BaselineTraining]]
    judged: ClassVar[tuple[type[BaselineStage], ...]] = ()

    def __init__(self, config: BaselineTraining, data: DataFacts) -> None:
        config = config.resolved()
        self.network = self.make_network(config)
        features = imagenet.load(config.features) if config.features in ("vgg19", "alexnet") else None
        critics = self.make_critics(config, data)
        if config.judge is not None:
            critics["critic"] = Discriminator(config.judge, 3)
        self.components = Components(config, self.network, critics, features)
        self.networks = {**self.generators(), **self.components.critics}
        if features is not None:
            self.networks["features"] = features
        self.stages = self.make_stages() if config.judge is None else self.make_judged_stages()
        self.settings = config.to_dict()
        self._started = False

    @classmethod
    def build(cls, config: str = "small", *, data: DataFacts) -> Self:
        """The recipe of a preset; raises UnknownName if there is no such preset."""
        if config not in cls.presets:
            raise UnknownName(f"config of recipe '{cls.name}'", config, cls.presets)
        return cls(cls.presets[config], data)

    def make_network(self, config: BaselineTraining) -> InpaintingNetwork:
        """An untrained network of the configured size."""
        sizes: Any = self.architecture.configuration
        return self.architecture(sizes.paper() if config.size == "paper" else sizes.small())

    def make_critics(self, config: BaselineTraining, data: DataFacts) -> dict[str, torch.nn.Module]:  # noqa: ARG002
        """The discriminators by name; by default there are none."""
        return {}

    def generators(self) -> dict[str, torch.nn.Module]:
        """The generators by the names that the stages use: the network, or parts of it."""
        return {"generator": self.network}

    @abstractmethod
    def make_stages(self) -> tuple[Stage, ...]:
        """The stages in order."""

    def make_judged_stages(self) -> tuple[Stage, ...]:
        """The stages of a configuration with `judge`."""
        return tuple(stage(self.components) for stage in self.judged)

    def export(self, folder: Path, stages: Sequence[str]) -> None:  # noqa: ARG002 (one network, whatever was trained)
        """Write the network under the recipe's name, for its `from_pretrained`."""
        self.network.save(folder / self.name)

    def start_from(self, folder: Path, networks: Sequence[str] = ()) -> None:
        """Load what `export` wrote; discriminators keep their initial weights."""
        refuse_single_networks(self.name, networks)
        file = folder / f"{self.name}.safetensors"
        if not file.exists():
            fix = f"Give the folder weights/ of an earlier training of {self.name}."
            raise DataError(f"folder {folder}", f"hold {file.name}", "no such file", fix)
        load_state(self.network, self.architecture.from_pretrained(file).state_dict(), f"weights {file}")
        self._started = True

    def check_start(self, stages: Sequence[Stage]) -> None:  # noqa: ARG002 (whichever is trained)
        """Refuse to begin with the discriminator of `small-adversarial` beside a network that cannot fill yet."""
        if self.components.config.judge is not None and not self._started:
            fix = f"Add --start with a folder that holds {self.name}.safetensors."
            raise DataError(f"recipe '{self.name}' with this config", "start from weights", "none", fix)
