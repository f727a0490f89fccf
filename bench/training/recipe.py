"""What a recipe is: all that the trainer must be told of a model. The trainer knows no model beyond this."""

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

    from bench.training.batches import TrainingBatch

__all__ = ["RECIPES", "DataFacts", "OptimizerSpec", "Recipe", "Stage", "StageOutput", "Tensors", "refuse_parts"]

Tensors: TypeAlias = "Mapping[str, torch.Tensor]"
"""Named scalars, or whatever named tensors a recipe carries from its forward pass to its losses."""


@dataclass(frozen=True)
class DataFacts:
    """What a recipe may know of the data before it sees any.

    Attributes:
        classes: class names; empty for pictures without labels.
        size: height and width of the training pictures.
    """

    classes: tuple[str, ...]
    size: tuple[int, int]


@dataclass(frozen=True)
class OptimizerSpec:
    """One optimizer (Adam) and what it plays for: a generator, a discriminator.

    Attributes:
        name: unique within the stage.
        networks: keys of `Recipe.networks` whose parameters it moves.
        weights: loss term to its weight in the sum that the player minimises.
        learning_rate: at the beginning; the trainer's schedule multiplies it.
        betas: Adam's.
    """

    name: str
    networks: tuple[str, ...]
    weights: Mapping[str, float]
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)


@dataclass(frozen=True)
class StageOutput:
    """What a stage makes of a batch, for validation and sample sheets.

    Attributes:
        image: float [N, 3, H, W] in [0, 1], or None for a stage that makes no picture.
        labels: integer [N, H, W] class indices, or None for a stage that makes no label map.
        extra: more columns of the sheet, by caption: pictures or label maps of the same form; they may look into the
            hole if their caption says so.
    """

    image: torch.Tensor | None = None
    labels: torch.Tensor | None = None
    extra: Mapping[str, torch.Tensor] = field(default_factory=dict)


class Stage(ABC):
    """Base of all stages: a part of the training with its own players.

    Networks that no player moves are frozen, in evaluation mode.

    Attributes:
        name: unique within the recipe; names log rows and sheets.
        optimizers: in the order of their turns. The first one's networks make the forward pass; the others are given
            its result detached.
        averaged: networks of which an exponential moving average is kept. It is what validation, sheets, later stages
            and the exported weights use.
        share: part of the budget, relative to the shares of the other chosen stages.
        optional: trained only when asked for by name.
        after: stages without which it makes no sense.
    """

    name: str
    optimizers: tuple[OptimizerSpec, ...]
    averaged: tuple[str, ...] = ()
    share: float = 1.0
    optional: bool = False
    after: tuple[str, ...] = ()

    @abstractmethod
    def forward(self, batch: TrainingBatch) -> Tensors:
        """Run the networks of the first player once; every player's losses are made from the result."""

    @abstractmethod
    def losses(self, spec: str, batch: TrainingBatch, outputs: Tensors) -> Tensors:
        """The loss terms of a player, scalars, named as in its `weights`; means over pictures, not sums."""

    @abstractmethod
    def predict(self, batch: TrainingBatch) -> StageOutput:
        """What the networks, in evaluation mode, make of a batch without looking into the hole."""


class Recipe(ABC):
    """Base of all recipes.

    Registered callables take `(config, data: DataFacts)` and build the networks with torch's global random numbers,
    which the trainer has seeded.

    Attributes:
        name: as in the registry.
        needs_labels: whether every picture must come with a label map.
        networks: by name. The trainer moves them to the device, sets their mode and trains their parameters in place.
        stages: in order.
        settings: everything that was configured; another value is another training.
    """

    name: str
    needs_labels: bool
    networks: dict[str, torch.nn.Module]
    stages: tuple[Stage, ...]
    settings: Mapping[str, Any]

    def start_from(self, folder: Path, networks: Sequence[str] = ()) -> None:  # noqa: ARG002 (for recipes that can)
        """Give networks the weights that `export` wrote into a folder; those it did not write stay as they are.

        Args:
            folder: of the weights.
            networks: names of those to begin from there; empty for all that the folder holds.

        Raises:
            UsageError: the recipe cannot.
            DataError, ValueError: there are none, they are damaged, or of another architecture or other classes.
        """
        subject, fix = f"recipe '{self.name}'", "Train from the beginning."
        raise UsageError(subject, "be able to start from weights", f"no way to read {folder}", fix)

    @abstractmethod
    def export(self, folder: Path, stages: Sequence[str]) -> None:
        """Write what the named stages have trained into an existing folder: safetensors, and JSON beside them."""


def refuse_parts(recipe: str, networks: Sequence[str]) -> None:
    """Raise UsageError if networks are named, for a recipe whose weights are one whole."""
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
