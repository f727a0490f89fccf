"""The interface between the trainer and a model: a recipe, its stages, and the optimizers of each stage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from bench.errors import UsageError
from bench.registry import Registry

if TYPE_CHECKING:
    import torch

    from bench.training.data.batches import TrainingBatch

__all__ = [
    "RECIPES",
    "DataFacts",
    "OptimizerSpec",
    "Ramp",
    "Recipe",
    "Stage",
    "StageOutput",
    "TensorMapping",
    "refuse_single_networks",
]

TensorMapping: TypeAlias = "Mapping[str, torch.Tensor]"
"""Tensors by name: loss terms (scalars), or the outputs that a stage passes from its forward pass to its losses."""


@dataclass(frozen=True)
class DataFacts:
    """What a recipe is told about the data before it is built.

    Attributes:
        classes: class names; empty for pictures without labels.
        size: height and width of the training pictures.
    """

    classes: tuple[str, ...]
    size: tuple[int, int]


@dataclass(frozen=True)
class Ramp:
    """When a loss term takes effect: the factor of its weight rises linearly from 0 to 1.

    Attributes:
        begin, end: shares of the stage's budget between which it rises, 0 <= begin <= end <= 1.
    """

    begin: float
    end: float

    def factor(self, progress: float) -> float:
        """The factor, 0 to 1, when `progress` (0 to 1) of the stage's budget is spent."""
        if progress >= self.end:
            return 1.0
        return max(0.0, (progress - self.begin) / (self.end - self.begin))


@dataclass(frozen=True)
class OptimizerSpec:
    """One optimizer (Adam) of a stage, for example of the generator or of the discriminator.

    Attributes:
        name: unique within the stage.
        networks: keys of `Recipe.networks` whose parameters it updates.
        weights: loss term to its weight in the sum that the optimizer minimises.
        learning_rate: at the beginning; the trainer's schedule multiplies it.
        betas: Adam's.
        ramps: loss terms that take effect late, each with its ramp.
        logged: terms that `Stage.losses` also returns and that are only logged, for example a discriminator's accuracy.
    """

    name: str
    networks: tuple[str, ...]
    weights: Mapping[str, float]
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    ramps: Mapping[str, Ramp] = field(default_factory=dict)
    logged: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageOutput:
    """The predictions of a stage for a batch, used in validation and in sample grids.

    Attributes:
        image: float [N, 3, H, W] in [0, 1], or None for a stage that predicts no picture.
        labels: integer [N, H, W] class indices, or None for a stage that predicts no label map.
        extra: more columns of the sample grid, by caption: pictures or label maps of the same shape and range. They
            may use what is inside the hole if their caption says so.
    """

    image: torch.Tensor | None = None
    labels: torch.Tensor | None = None
    extra: Mapping[str, torch.Tensor] = field(default_factory=dict)


class Stage(ABC):
    """Base class of a stage: a part of the training with its own optimizers.

    Networks that no optimizer updates are frozen, in evaluation mode.

    Attributes:
        name: unique within the recipe; used in log rows and in file names of sample grids.
        optimizers: in the order in which they step. The networks of the first one run the forward pass; the others get
            its outputs detached.
        averaged: networks of which an exponential moving average is kept. Validation, sample grids, later stages and
            the exported weights use the average.
        share: part of the budget, relative to the shares of the other selected stages.
        optional: whether the stage is trained only when it is asked for by name.
        after: names of the stages that must be trained before this one.
        eager_reason: why a step cannot be captured as a CUDA graph, a part of a sentence; empty where it can. A graph
            repeats the kernels of one step: what changes from step to step must be in tensors, random numbers must be
            drawn on the GPU, and the host must not wait for a result.
    """

    name: str
    optimizers: tuple[OptimizerSpec, ...]
    averaged: tuple[str, ...] = ()
    share: float = 1.0
    optional: bool = False
    after: tuple[str, ...] = ()
    eager_reason: str = ""

    @abstractmethod
    def forward(self, batch: TrainingBatch) -> TensorMapping:
        """Run the networks of the first optimizer once; the losses of every optimizer are computed from the result."""

    @abstractmethod
    def losses(self, optimizer: str, batch: TrainingBatch, outputs: TensorMapping) -> TensorMapping:
        """The loss terms of one optimizer.

        Args:
            optimizer: name of the optimizer.
            batch: the batch.
            outputs: what `forward` returned.

        Returns:
            Scalars, named as in the `weights` and `logged` of the optimizer; means over pictures, not sums.
        """

    @abstractmethod
    def predict(self, batch: TrainingBatch) -> StageOutput:
        """The predictions of the networks, in evaluation mode, from what is outside the hole."""

    def diagnostics(self, batch: TrainingBatch) -> TensorMapping:  # noqa: ARG002 (for stages that have some)
        """More values to log at every validation, such as norms of gradients: scalars of a validation batch.

        The networks are in evaluation mode and have their averaged weights. They must not be changed.
        """
        return {}


class Recipe(ABC):
    """Base class of a recipe: the networks of a model and the stages in which they are trained.

    Registered callables take `(config, data: DataFacts)` and initialise the networks from torch's global random number
    generator, which the trainer has seeded.

    Attributes:
        name: as in the registry.
        needs_labels: whether every picture must have a label map.
        networks: by name. The trainer moves them to the device, sets their mode and trains their parameters in place.
        stages: in order.
        settings: the whole configuration; a changed value makes it another training.
        notes: what a reader of the card should know of how the networks began, one sentence each.
    """

    name: str
    needs_labels: bool
    networks: dict[str, torch.nn.Module]
    stages: tuple[Stage, ...]
    settings: Mapping[str, Any]
    notes: Sequence[str] = ()

    def start_from(self, folder: Path, networks: Sequence[str] = ()) -> None:  # noqa: ARG002 (for recipes that can)
        """Load the weights that `export` wrote into a folder; networks without weights there keep their own.

        Args:
            folder: of the weights.
            networks: names of the networks to load; empty for all that the folder holds.

        Raises:
            UsageError: the recipe cannot load weights.
            DataError, ValueError: the folder has no weights, or they are damaged, or of another architecture or other
                classes.
        """
        subject, fix = f"recipe '{self.name}'", "Train from the beginning."
        raise UsageError(subject, "be able to start from weights", f"no way to read {folder}", fix)

    def check_start(self, stages: Sequence[Stage]) -> None:  # noqa: B027 (for recipes that have something to check)
        """Called after the last `start_from`, before the stages are trained.

        Raises:
            DataError: a stage needs weights that were neither loaded nor are trained by a stage before it.
        """

    @abstractmethod
    def export(self, folder: Path, stages: Sequence[str]) -> None:
        """Write the networks that the named stages trained into an existing folder: safetensors, with JSON beside."""


def refuse_single_networks(recipe: str, networks: Sequence[str]) -> None:
    """Raise UsageError if networks are named, for a recipe that can only load all of its weights."""
    if networks:
        subject, fix = f"recipe '{recipe}'", "Give the folder alone."
        raise UsageError(subject, "start from weights as a whole", f"only {', '.join(networks)}", fix)


RECIPES: Registry[Recipe] = Registry("recipe", "spgbench.recipes")
"""What `spgbench train` can train; each is called with `config=` and `data=`."""

RECIPES.add("spgnet", "bench.training.recipes.spgnet:build", "SPG-Net in the paper's stages: segmenter, SP-Net, SG-Net")
RECIPES.add("judge", "bench.training.recipes.judge:build", "the segmenter that judges completed pictures")
for _name, _summary in (
    ("context-encoder", "context encoder: L2, adversarial"),
    ("glcic", "GLCIC in three phases: completion, discriminator, both"),
    ("partial-conv", "partial-convolution U-Net: training, fine-tuning"),
    ("deepfill-v2", "DeepFill v2: L1, SN-PatchGAN"),
    ("edge-connect", "EdgeConnect: edges, fills under true edges, fills under drawn ones"),
    ("lama", "LaMa: L1 on what is known, adversarial, feature matching, perceptual"),
):
    RECIPES.add(_name, f"bench.training.recipes.{_name.replace('-', '_')}:build", _summary)
