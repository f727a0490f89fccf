"""What a training is asked for, apart from the model."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench.data
from bench.errors import DataError, UnknownName, UsageError
from bench.training.budget import Budget
from bench.training.mixture import protocol_of
from bench.vocabulary import Dataset, Protocol

if TYPE_CHECKING:
    from bench.training.parallel import Precision
    from bench.training.recipe import Recipe, Stage

__all__ = ["Settings", "Start", "TrainingData", "chosen_stages", "open_data"]


@dataclass(frozen=True)
class Start:
    """Weights to begin with in place of random ones.

    Attributes:
        folder: of weights that a training of the same recipe wrote.
        networks: names of those that begin from there; empty for all that the folder holds.
    """

    folder: Path
    networks: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Start:
        """`DIR`, or `sp-net,sg-net=DIR`."""
        names, equals, folder = text.partition("=")
        return cls(Path(folder), tuple(name.strip() for name in names.split(","))) if equals else cls(Path(text))

    def identity(self) -> str:
        """What the weights depend on: the networks, and SHA-256 over all weight files in order of their names."""
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
        batch_size: pictures a step, over all processes.
        seed: of initial weights, order, augmentation, holes and everything drawn in a step.
        precision: float32, or mixed with bfloat16 or float16.
        start: weights to begin with; a later one goes before an earlier one.
        stages: names of the stages to train, in the recipe's order; empty for all that are not optional.
        clip: largest norm of a player's gradient.
        average_decay: of the exponential moving averages of the weights.
        constant: share of a stage after which the learning rate begins to fall.
        rate: factor of every player's learning rate, above zero.
        log_every, check_every: steps between lines of the log; between validations, sheets and checkpoints.
        workers: threads that make batches; nothing depends on it but time.

    Raises:
        UsageError: a rate that is not above zero and finite.
    """

    budget: Budget
    batch_size: int = 8
    seed: int = 0
    precision: Precision = "32"
    start: tuple[Start, ...] = ()
    stages: tuple[str, ...] = ()
    clip: float = 10.0
    average_decay: float = 0.999
    constant: float = 0.5
    rate: float = 1.0
    log_every: int = 20
    check_every: int = 500
    workers: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.rate < math.inf:
            fix = "Give --rate 1 to train as the recipe says, less to go on from trained weights."
            raise UsageError("factor of the learning rates", "be above zero and finite", f"{self.rate}", fix)

    def identity(self) -> dict[str, Any]:
        """Everything that the weights depend on."""
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
            "rate": self.rate,
        }


@dataclass(frozen=True)
class TrainingData:
    """Pictures to train on, pictures to validate on, and how to cut holes into both.

    Attributes:
        train: its pictures are at least as large as `size`.
        validation: pictures of any size; they are cropped and resized to `size`.
        protocol: cuts the holes.
        size: height and width of the batches.
        max_scale: how much larger than `size` the crops are at most.
        jitter: how much brightness, contrast and colours of training pictures change at most, relatively.

    Raises:
        DataError: a split is empty.
    """

    train: Dataset
    validation: Dataset
    protocol: Protocol
    size: tuple[int, int]
    max_scale: float = 1.25
    jitter: float = 0.0

    def __post_init__(self) -> None:
        for role, dataset in (("training", self.train), ("validation", self.validation)):
            if len(dataset) == 0:
                subject = f"{role} split of data set '{dataset.name}'"
                raise DataError(subject, "hold at least one picture", "none", "Choose another split.")

    def identity(self) -> dict[str, Any]:
        """Everything that the weights depend on."""
        return {
            "dataset": self.train.name,
            "revision": self.train.revision,
            "pictures": len(self.train),
            "validation revision": self.validation.revision,
            "validation pictures": len(self.validation),
            "protocol": self.protocol.name,
            "size": f"{self.size[0]}x{self.size[1]}",
            "max scale": self.max_scale,
            "jitter": self.jitter,
        }


def open_data(
    name: str,
    root: str | None,
    size: tuple[int, int] | None,
    protocol: str = "spg-random",
    *,
    split: str = "train",
    validation_split: str = "val",
    limit: int | None = None,
    validation_limit: int = 64,
    max_scale: float = 1.25,
    jitter: float = 0.0,
    cache_bytes: int = 4 << 30,
) -> TrainingData:
    """Open a data set for training at `size`; pictures are loaded a little larger, and kept in memory.

    Args:
        name, root: as for `bench.data.load`.
        size: of the batches.
        protocol: cuts the holes; several names, separated by commas, take turns at random.
        split, limit: what to train on.
        validation_split, validation_limit: what to validate on.
        max_scale: how much larger than `size` pictures are loaded.
        jitter: as of TrainingData.
        cache_bytes: of decoded training pictures to keep in memory; 0 for none.

    Raises:
        UnknownName, UsageError, DataError: as `bench.data.load` and `bench.masks.get`; DataError for an empty split.
        UsageError: `size` is None: pictures of a batch have one size.
    """
    if size is None:
        raise UsageError("size of a training", "be one for all pictures", "'native'", "Give 256, or 256x512.")
    larger = (round(size[0] * max_scale), round(size[1] * max_scale))
    train = bench.data.load(name, split, larger, root, limit)
    train = bench.data.Cached(train, cache_bytes) if cache_bytes else train
    validation = bench.data.Cached(bench.data.load(name, validation_split, size, root, validation_limit))
    return TrainingData(train, validation, protocol_of(protocol), size, max_scale, jitter)


def chosen_stages(recipe: Recipe, names: Sequence[str], starts: Sequence[Start] = ()) -> tuple[Stage, ...]:
    """The stages of `names` in the recipe's order, or all that are not optional.

    Raises:
        UnknownName: the recipe has no such stage.
        UsageError: a stage builds on one that is neither chosen nor begins with weights, or no stage is left.
    """
    known = {stage.name: stage for stage in recipe.stages}
    for name in names:
        if name not in known:
            raise UnknownName(f"stage of recipe '{recipe.name}'", name, known)
    chosen = tuple(stage for stage in recipe.stages if (stage.name in names if names else not stage.optional))
    ready = {name for name, stage in known.items() if _begins_trained(stage, starts)}
    for stage in chosen:
        if missing := set(stage.after) - {other.name for other in chosen} - ready:
            subject, fix = f"stage '{stage.name}' of recipe '{recipe.name}'", "Name them too."
            raise UsageError(subject, f"come after {', '.join(stage.after)}", f"no {', '.join(sorted(missing))}", fix)
    if not chosen:
        raise UsageError(f"recipe '{recipe.name}'", "be trained in at least one stage", "none", "Name its stages.")
    return chosen


def _begins_trained(stage: Stage, starts: Sequence[Start]) -> bool:
    """Whether all networks that the stage's first player trains begin with weights of an earlier training."""
    return any(not start.networks for start in starts) or set(stage.optimizers[0].networks) <= {
        name for start in starts for name in start.networks
    }
