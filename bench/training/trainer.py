"""The one trainer. It knows recipes, stages, players and budgets, and no model."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from bench.errors import DataError, UnknownName, UsageError
from bench.records import locked
from bench.runtime.prefetch import Prefetcher
from bench.training.batches import BatchMaker
from bench.training.card import write_card
from bench.training.checkpoints import Checkpoints
from bench.training.folder import TrainingFolder
from bench.training.logs import Log
from bench.training.parallel import seed_step
from bench.training.progress import Report, training_bar
from bench.training.recipe import DataFacts, Recipe, Stage
from bench.training.settings import Settings, Start, TrainingData, chosen_stages
from bench.training.stage_optimizers import StageOptimizers
from bench.training.stage_run import StageRun

__all__ = ["fit"]

_SHEET_ROWS = 6


def fit(
    build: Callable[[DataFacts], Recipe],
    data: TrainingData,
    settings: Settings,
    out: Path,
    fabric: Fabric,
    *,
    restart: bool = False,
    progress: bool = False,
) -> Path:
    """Train what `build` builds, all stages one after the other, or go on where an earlier call was stopped.

    Args:
        build: makes the recipe, its networks drawn from torch's global random numbers, which are seeded before.
        data: pictures and holes.
        settings: budget, batch, seed and so on.
        out: output folder, laid out as TrainingFolder says.
        fabric: launched; see `fabric_for`.
        restart: throw away what an earlier training left in `out`.
        progress: show a progress bar on stderr.

    Returns:
        The folder of the weights.

    Raises:
        UsageError: batch and processes do not fit each other; a stage that the recipe does not have.
        RunConflict: `out` holds another training, or other files.
        DataError: the recipe needs labels and the data has none, a picture is too small, or the weights to start from
            do not fit.
        Failure: a loss was not finite, or a checkpoint could not be written; the last good checkpoint stays.
    """
    if settings.batch_size % fabric.world_size or settings.batch_size < 1:
        found = f"{settings.batch_size} on {fabric.world_size}"
        raise UsageError("batch size", "be a positive multiple of the number of processes", found)
    seed_step(settings.seed, "build")
    recipe = build(DataFacts(data.train.classes, data.size))
    stages = chosen_stages(recipe, settings.stages, settings.start)
    settings = replace(settings, stages=tuple(stage.name for stage in stages))
    identity = {"recipe": recipe.name, **settings.identity(), "data": data.identity(), "model": dict(recipe.settings)}
    folder = TrainingFolder(out)
    folder.check(identity, restart=restart)
    for start in settings.start:
        _start(recipe, start)
    fabric.barrier()
    if not fabric.is_global_zero:
        fabric.barrier()
        return Training(recipe, stages, data, settings, folder, fabric).run(lambda *_: None)
    with locked(folder.out), training_bar(shown=progress) as report:
        folder.begin(identity, restart=restart)
        fabric.barrier()
        return Training(recipe, stages, data, settings, folder, fabric).run(report)


def _start(recipe: Recipe, start: Start) -> None:
    for name in start.networks:
        if name not in recipe.networks:
            raise UnknownName(f"network of recipe '{recipe.name}'", name, recipe.networks)
    try:
        recipe.start_from(start.folder, start.networks)
    except ValueError as error:  # from a model's own package, in four parts already
        raise DataError(f"weights in {start.folder}", "fit the recipe", str(error), "Start from others.") from error


@dataclass
class Spent:
    """What a stage has cost and reached so far; part of every checkpoint.

    Attributes:
        steps: taken.
        seconds: in all.
        training_seconds: without validation, sheets and checkpoints.
        waited_seconds: of those, waiting for the loader.
        scores: of the last validation.
        losses: means of the terms in the last line of the log.
    """

    steps: int = 0
    seconds: float = 0.0
    training_seconds: float = 0.0
    waited_seconds: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)


class Training:
    def __init__(
        self,
        recipe: Recipe,
        stages: tuple[Stage, ...],
        data: TrainingData,
        settings: Settings,
        folder: TrainingFolder,
        fabric: Fabric,
    ) -> None:
        self.recipe, self.stages, self.data, self.settings = recipe, stages, data, settings
        self.folder, self.fabric = folder, fabric
        self.checkpoints = Checkpoints(folder.checkpoints)
        self.spent = [Spent() for _ in stages]
        self.log: Log | None = None
        for network in recipe.networks.values():
            fabric.to_device(network).to(memory_format=torch.channels_last)  # faster on the CPU, too

    def run(self, report: Report) -> Path:
        """Train what is left to train, then write weights and card."""
        saved = self.checkpoints.load()
        first = self._resume(saved) if saved else 0
        if self.fabric.is_global_zero:
            position = saved["log_position"] if saved else 0
            self.log = Log(self.folder.log, self.folder.tensorboard, self.steps, position)
        try:
            for index in range(first, len(self.stages)):
                self._run_stage(index, saved if saved and index == first else None, report)
        finally:
            if self.log:
                self.log.close()
        return self._finish()

    @property
    def steps(self) -> int:
        return sum(spent.steps for spent in self.spent)

    def _resume(self, saved: dict[str, Any]) -> int:
        for name, network in self.recipe.networks.items():
            network.load_state_dict(saved["networks"][name])
        self.spent = [Spent(**spent) for spent in saved["spent"]]
        return int(saved["stage"])

    def _run_stage(self, index: int, saved: dict[str, Any] | None, report: Report) -> None:
        stage, settings = self.stages[index], self.settings
        turns = StageOptimizers(self.fabric, self.recipe, stage, settings.clip, settings.average_decay)
        if saved and saved["turns"]:
            turns.load(saved["turns"])
            self.fabric.strategy.precision.load_state_dict(saved["precision"])
        loader = Prefetcher(self._maker(stage), itertools.count(self.spent[index].steps), settings.workers)
        try:
            StageRun(self, index, turns, loader, report).run()
        finally:
            loader.close()
        self.save(index + 1, None)

    def save(self, index: int, turns: StageOptimizers | None) -> None:
        """Write a checkpoint in which stage `index` goes on with `turns`, or begins when that is None."""
        if self.fabric.is_global_zero:
            state = {
                "networks": {name: network.state_dict() for name, network in self.recipe.networks.items()},
                "turns": turns.state() if turns else None,
                "precision": self.fabric.strategy.precision.state_dict(),
                "stage": index,
                "spent": [asdict(spent) for spent in self.spent],
                "log_position": self.log.position() if self.log else 0,
            }
            self.checkpoints.save(self.steps, state)
        self.fabric.barrier()

    def advice(self) -> str:
        """What to do after a failure."""
        paths = self.checkpoints.paths()
        last = f"The last good checkpoint is {paths[-1]}." if paths else "There is no checkpoint yet."
        return f"{last} Lower the learning rate or the weight of the term, or train with --precision 32."

    def maker_for_validation(self) -> BatchMaker:
        """The validation pictures, with the same holes whatever the seed, so that trainings can be compared."""
        maker = self._maker(self.stages[0])
        return replace(maker, dataset=self.data.validation, seed=0, augment=False, part=(0, 1))

    def sheet_maker(self) -> BatchMaker:
        """The first few of them."""
        rows = min(_SHEET_ROWS, len(self.data.validation))
        return replace(self.maker_for_validation(), batch_size=rows)

    def _maker(self, stage: Stage) -> BatchMaker:
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
            part=(self.fabric.global_rank, self.fabric.world_size),
        )

    def _finish(self) -> Path:
        if self.fabric.is_global_zero:
            self.folder.weights.mkdir(parents=True, exist_ok=True)
            for network in self.recipe.networks.values():
                network.to(memory_format=torch.contiguous_format)
            self.recipe.export(self.folder.weights, self.settings.stages)
            spent = {stage.name: asdict(spent) for stage, spent in zip(self.stages, self.spent, strict=True)}
            write_card(self.folder, spent, self.settings.batch_size, self.fabric)
        self.fabric.barrier()
        return self.folder.weights
