"""How to train: the settings of a training, the weights to start from, and the stages to train."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UnknownName, UsageError
from bench.training.optimization.budget import Budget

if TYPE_CHECKING:
    from bench.training.optimization.parallel import TrainingPrecision
    from bench.training.recipe import Recipe, Stage

__all__ = ["Settings", "Start", "select_stages"]


@dataclass(frozen=True)
class Start:
    """Weights of an earlier training to start from, in place of random ones.

    Attributes:
        folder: of weights that a training of the same recipe wrote.
        networks: names of the networks that start from there; empty for all that the folder holds.
    """

    folder: Path
    networks: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Start:
        """`DIR`, or `sp-net,sg-net=DIR`."""
        names, equals, folder = text.partition("=")
        return cls(Path(folder), tuple(name.strip() for name in names.split(","))) if equals else cls(Path(text))

    def identity(self) -> str:
        """The networks, and SHA-256 over all weight files in order of their names."""
        files = sorted(self.folder.glob("*.safetensors"))
        if not files:
            fix = "Give the folder weights/ of an earlier training."
            raise UsageError(f"folder {self.folder}", "hold weights to start from", "no safetensors file", fix)
        content = b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)
        return f"{', '.join(self.networks) or 'all'}: {hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        budget: steps or minutes over all stages.
        batch_size: pictures in a step, over all processes.
        seed: of initial weights, order, augmentation, holes and all random numbers of a step.
        precision: float32, or mixed with bfloat16 or float16.
        start: weights to start from; where two have the same network, the later one is used.
        stages: names of the stages to train, in the recipe's order; empty for all that are not optional.
        clip: largest norm of the gradient of one optimizer.
        average_decay: decay of the exponential moving averages of the weights.
        constant: share of a stage in which the learning rate is constant; then it falls linearly to zero.
        lr_scale: factor of all learning rates, above zero.
        log_every: steps between lines of the log.
        check_every: steps between validations, each with a sample grid and a checkpoint.
        workers: threads that make batches, or processes if they are for a GPU; the weights do not depend on it.
        graph: whether training steps are captured as CUDA graphs where they can be; None: on a GPU. With True the CPU
            takes the same way without a graph. The weights are the same up to rounding.
        save_seconds: most seconds between checkpoints, which are also written between validations.

    Raises:
        UsageError: `lr_scale` is not above zero and finite.
    """

    budget: Budget
    batch_size: int = 8
    seed: int = 0
    precision: TrainingPrecision = "32"
    start: tuple[Start, ...] = ()
    stages: tuple[str, ...] = ()
    clip: float = 10.0
    average_decay: float = 0.999
    constant: float = 0.5
    lr_scale: float = 1.0
    log_every: int = 20
    check_every: int = 500
    workers: int = 2
    graph: bool | None = None
    save_seconds: float = 300.0

    def __post_init__(self) -> None:
        if not 0 < self.lr_scale < math.inf:
            fix = "Give --lr-scale 1 for the learning rates of the recipe, less to continue from trained weights."
            raise UsageError("factor of the learning rates", "be above zero and finite", f"{self.lr_scale}", fix)

    def identity(self) -> dict[str, Any]:
        """All settings that the weights depend on, under the names in training.json."""
        return {
            "steps": self.budget.steps,
            "minutes": self.budget.minutes,
            "batch size": self.batch_size,
            "seed": self.seed,
            "precision": self.precision,
            "start": [start.identity() for start in self.start],
            "stages": list(self.stages),
            "clip": self.clip,
            "average decay": self.average_decay,
            "constant": self.constant,
            "rate": self.lr_scale,
        }


def select_stages(recipe: Recipe, names: Sequence[str], starts: Sequence[Start] = ()) -> tuple[Stage, ...]:
    """The stages of `names` in the recipe's order; without names, all that are not optional.

    Raises:
        UnknownName: the recipe has no such stage.
        UsageError: a stage needs another one that is neither selected nor starts from weights, or no stage is left.
    """
    known = {stage.name: stage for stage in recipe.stages}
    for name in names:
        if name not in known:
            raise UnknownName(f"stage of recipe '{recipe.name}'", name, known)
    selected = tuple(stage for stage in recipe.stages if (stage.name in names if names else not stage.optional))
    ready = {name for name, stage in known.items() if _starts_from_weights(stage, starts)}
    for stage in selected:
        if missing := set(stage.after) - {other.name for other in selected} - ready:
            subject, fix = f"stage '{stage.name}' of recipe '{recipe.name}'", "Name them too."
            raise UsageError(subject, f"come after {', '.join(stage.after)}", f"no {', '.join(sorted(missing))}", fix)
    if not selected:
        raise UsageError(f"recipe '{recipe.name}'", "be trained in at least one stage", "none", "Name its stages.")
    return selected


def _starts_from_weights(stage: Stage, starts: Sequence[Start]) -> bool:
    """Whether all networks of the stage's first optimizer start from weights of an earlier training."""
    return any(not start.networks for start in starts) or set(stage.optimizers[0].networks) <= {
        name for start in starts for name in start.networks
    }
