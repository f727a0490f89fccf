"""The state of one training, which the trainer and the stages share: networks, progress, log and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from lightning_fabric import Fabric

from bench.training.data.batches import BatchMaker
from bench.training.data.training_data import TrainingData
from bench.training.optimization.stage_optimizers import StageOptimizers
from bench.training.output.checkpoints import Checkpoints
from bench.training.output.folder import TrainingFolder
from bench.training.output.log import TrainingLog
from bench.training.recipe import Recipe, Stage
from bench.training.settings import Settings

__all__ = ["StageProgress", "TrainingSession"]

_GRID_ROWS = 6


@dataclass
class StageProgress:
    """Cost and scores of a stage so far; part of every checkpoint, under these names.

    Attributes:
        steps: number of steps taken.
        seconds: wall-clock time in all.
        training_seconds: wall-clock time without validation, sample grids and checkpoints.
        waited_seconds: the part of `training_seconds` in which the stage waited for data.
        scores: of the last validation.
        losses: means of the loss terms in the last line of the log.
    """

    steps: int = 0
    seconds: float = 0.0
    training_seconds: float = 0.0
    waited_seconds: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)


class TrainingSession:
    """One training in progress.

    Args:
        recipe: the networks; they are moved to the device.
        stages: the selected stages, in order.
        data: pictures and holes.
        settings: how to train.
        folder: where the training writes.
        fabric: device, precision and processes.
        should_stop: whether the training is to end after the present step.

    Attributes:
        progress: one StageProgress for each stage.
        saved: when the last checkpoint was written, or else the training began, in seconds of `time.monotonic`.
        log: of the first process between `open_log` and `close_log`, else None.
    """

    def __init__(
        self,
        recipe: Recipe,
        stages: tuple[Stage, ...],
        data: TrainingData,
        settings: Settings,
        folder: TrainingFolder,
        fabric: Fabric,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.recipe, self.stages, self.data, self.settings = recipe, stages, data, settings
        self.folder, self.fabric, self.should_stop = folder, fabric, should_stop
        self.saved = time.monotonic()
        self.progress = [StageProgress() for _ in stages]
        self.log: TrainingLog | None = None
        self._checkpoints = Checkpoints(folder.checkpoints)
        for network in recipe.networks.values():
            fabric.to_device(network).to(memory_format=torch.channels_last)  # faster on the CPU, too

    @property
    def steps(self) -> int:
        """Steps taken, over all stages."""
        return sum(progress.steps for progress in self.progress)

    @property
    def seconds(self) -> float:
        """Wall-clock time spent, over all stages."""
        return sum(progress.seconds for progress in self.progress)

    def resume(self) -> dict[str, Any] | None:
        """Load networks and progress from the newest checkpoint; returns the checkpoint, or None if there is none."""
        checkpoint = self._checkpoints.load()
        if checkpoint is not None:
            for name, network in self.recipe.networks.items():
                network.load_state_dict(checkpoint["networks"][name])
            self.progress = [StageProgress(**values) for values in checkpoint["spent"]]
        return checkpoint

    def open_log(self, position: int) -> None:
        """Open the log, cut off after `position` bytes; only the first process has one."""
        if self.fabric.is_global_zero:
            self.log = TrainingLog(self.folder.log, self.folder.tensorboard, self.steps, position)

    def close_log(self) -> None:
        """Flush and close the log, where this process has one; raises OSError with the name of the file."""
        if self.log:
            self.log.close()

    def save(self, index: int, optimizers: StageOptimizers | None, *, together: bool = True) -> None:
        """Write a checkpoint.

        Args:
            index: of the stage with which a resumed training begins.
            optimizers: of that stage in progress; None if the stage has not begun.
            together: whether all processes are at the same step and wait for one another.
        """
        self.saved = time.monotonic()
        if self.fabric.is_global_zero:
            state = {
                "networks": {name: network.state_dict() for name, network in self.recipe.networks.items()},
                "turns": optimizers.state() if optimizers else None,  # the key of earlier versions
                "precision": self.fabric.strategy.precision.state_dict(),
                "stage": index,
                "spent": [asdict(progress) for progress in self.progress],  # the key of earlier versions
                "log_position": self.log.position() if self.log else 0,
            }
            self._checkpoints.save(self.steps, state)
        if together:
            self.fabric.barrier()

    def load_optimizers(self, optimizers: StageOptimizers, checkpoint: dict[str, Any]) -> None:
        """Load the state of a stage in progress; does nothing if the stage of the checkpoint has not begun."""
        if checkpoint["turns"]:
            optimizers.load(checkpoint["turns"])
            self.fabric.strategy.precision.load_state_dict(checkpoint["precision"])

    def advice(self) -> str:
        """What the user can do after a loss or a weight was not finite."""
        paths = self._checkpoints.paths()
        last = f"The last good checkpoint is {paths[-1]}." if paths else "There is no checkpoint yet."
        return f"{last} Lower the learning rate or the weight of the term, or train with --precision 32."

    def training_batches(self, stage: Stage) -> BatchMaker:
        """The training batches of a stage; of each batch the part of this process."""
        return BatchMaker(
            dataset=self.data.train,
            protocol=self.data.protocol,
            size=self.data.size,
            batch_size=self.settings.batch_size,
            seed=self.settings.seed,
            stage=stage.name,
            max_scale=self.data.max_scale,
            jitter=self.data.jitter,
            with_labels=self.recipe.needs_labels,
            rank=self.fabric.global_rank,
            world_size=self.fabric.world_size,
        )

    def validation_batches(self) -> BatchMaker:
        """The validation pictures; the holes do not depend on the seed, so that trainings can be compared."""
        batches = self.training_batches(self.stages[0])
        return replace(batches, dataset=self.data.validation, seed=0, augment=False, rank=0, world_size=1)

    def sample_batches(self) -> BatchMaker:
        """The validation pictures in batches that are small enough for a sample grid."""
        return replace(self.validation_batches(), batch_size=min(_GRID_ROWS, len(self.data.validation)))
