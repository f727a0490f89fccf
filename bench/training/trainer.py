"""The trainer: trains the stages of any recipe, one after the other, and resumes a training that was stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import torch
from lightning_fabric import Fabric

from bench.errors import DataError, UnknownName, UsageError
from bench.records import locked
from bench.runtime.progress import ReportProgress, training_bar
from bench.training.data.processes import start_process_server
from bench.training.data.training_data import TrainingData
from bench.training.optimization.parallel import seed_step
from bench.training.output.card import write_card
from bench.training.output.folder import TrainingFolder
from bench.training.recipe import DataFacts, Recipe
from bench.training.session import TrainingSession
from bench.training.settings import Settings, Start, select_stages
from bench.training.stage_run import run_stage

__all__ = ["fit"]


def fit(
    build: Callable[[DataFacts], Recipe],
    data: TrainingData,
    settings: Settings,
    out: Path,
    fabric: Fabric,
    *,
    restart: bool = False,
    progress: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Train all stages of a recipe, or resume where an earlier call was stopped.

    Args:
        build: makes the recipe. Its networks are initialised from torch's global random numbers, which are seeded
            before the call.
        data: pictures and holes.
        settings: budget, batch size, seed and so on.
        out: output folder, laid out as TrainingFolder says.
        fabric: launched; see `fabric_for`.
        restart: delete what an earlier training left in `out`.
        progress: show a progress bar on stderr.
        should_stop: asked after every step; if so, a checkpoint is written and the training ends.

    Returns:
        The folder of the weights.

    Raises:
        UsageError: the batch size does not fit the number of processes, or the recipe does not have a named stage.
        RunConflict: `out` holds another training, or other files.
        DataError: the recipe needs labels and the data has none, a picture is too small, or the initial weights do not
            fit the recipe.
        Failure: a loss was not finite, or a checkpoint could not be written; the last good checkpoint stays.
        KeyboardInterrupt: it was stopped; a later call resumes after the last step.
    """
    if settings.batch_size % fabric.world_size or settings.batch_size < 1:
        found = f"{settings.batch_size} on {fabric.world_size}"
        raise UsageError("batch size", "be a positive multiple of the number of processes", found)
    if fabric.device.type == "cuda" and settings.workers:
        start_process_server()
    seed_step(settings.seed, "build")
    recipe = build(DataFacts(data.train.classes, data.size))
    stages = select_stages(recipe, settings.stages, settings.start)
    settings = replace(settings, stages=tuple(stage.name for stage in stages))
    identity = {"recipe": recipe.name, **settings.identity(), "data": data.identity(), "model": dict(recipe.settings)}
    folder = TrainingFolder(out)
    folder.check(identity, restart=restart)
    for start in settings.start:
        _load_start(recipe, start)
    recipe.check_start(stages)
    fabric.barrier()
    if not fabric.is_global_zero:
        fabric.barrier()
        return _train(TrainingSession(recipe, stages, data, settings, folder, fabric, should_stop), lambda *_: None)
    with locked(folder.out), training_bar(shown=progress) as report_progress:
        folder.begin(identity, restart=restart)
        fabric.barrier()
        return _train(TrainingSession(recipe, stages, data, settings, folder, fabric, should_stop), report_progress)


def _load_start(recipe: Recipe, start: Start) -> None:
    for name in start.networks:
        if name not in recipe.networks:
            raise UnknownName(f"network of recipe '{recipe.name}'", name, recipe.networks)
    try:
        recipe.start_from(start.folder, start.networks)
    except ValueError as error:  # from a model's own package, in four parts already
        raise DataError(f"weights in {start.folder}", "fit the recipe", str(error), "Start from others.") from error


def _train(session: TrainingSession, report_progress: ReportProgress) -> Path:
    """Train the stages that are left, then write the weights and the card."""
    checkpoint = session.resume()
    first = int(checkpoint["stage"]) if checkpoint else 0
    session.open_log(checkpoint["log_position"] if checkpoint else 0)
    try:
        for index in range(first, len(session.stages)):
            run_stage(session, index, checkpoint if index == first else None, report_progress)
    except BaseException:
        with suppress(OSError):  # the first error says more
            session.close_log()
        raise
    session.close_log()
    return _export(session)


def _export(session: TrainingSession) -> Path:
    folder = session.folder
    if session.fabric.is_global_zero:
        folder.weights.mkdir(parents=True, exist_ok=True)
        for network in session.recipe.networks.values():
            network.to(memory_format=torch.contiguous_format)
        session.recipe.export(folder.weights, session.settings.stages)
        stages = zip(session.stages, session.progress, strict=True)
        spent = {stage.name: asdict(progress) for stage, progress in stages}
        write_card(folder, spent, session.settings.batch_size, session.fabric, session.recipe.notes)
    session.fabric.barrier()
    return folder.weights
