"""Weights of a training that was stopped, from its last checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from bench.training import Budget, Recipe, Settings, TrainingBatch, TrainingData
from bench.training.optimization.parallel import seed_step
from bench.training.optimization.stage_optimizers import StageOptimizers
from bench.training.output.card import write_card
from bench.training.output.folder import TrainingFolder
from bench.training.session import TrainingSession
from bench.training.stage_run import STATISTICS_BATCHES

__all__ = ["write_early_weights"]


def write_early_weights(out: Path, recipe: Recipe, data: TrainingData, fabric: Fabric) -> str:
    """Write weights/ and card.json as a training that ended at that step would; the card notes that it was stopped.

    So the averages of the stage in progress are taken, and running statistics are measured for them: those of training
    belong to other weights. Checkpoints stay as they are.

    Args:
        out: folder of a training that was stopped.
        recipe: its recipe as it began; its networks are changed.
        data: that it trained on.
        fabric: of the machine that trained.

    Returns:
        A sentence with the steps, or empty where there is no checkpoint.
    """
    folder = TrainingFolder(out)
    if not folder.settings.exists():
        return ""
    settings, given = _read_settings(folder)
    stages = {stage.name: stage for stage in recipe.stages}
    session = TrainingSession(recipe, tuple(stages[name] for name in settings.stages), data, settings, folder, fabric)
    checkpoint = session.resume()
    if checkpoint is None:
        return ""
    if checkpoint["turns"]:  # else the last stage has ended and the next one not begun
        _finalize(session, checkpoint)
    for network in recipe.networks.values():
        network.to(memory_format=torch.contiguous_format)
    note = f"stopped early, after {session.steps} of {given['steps']} steps: averaged weights of that moment"
    folder.weights.mkdir(parents=True, exist_ok=True)
    recipe.export(folder.weights, settings.stages)
    spent = {name: asdict(progress) for name, progress in zip(settings.stages, session.progress, strict=True)}
    write_card(folder, spent, settings.batch_size, fabric, [*recipe.notes, note])
    return note


def _read_settings(folder: TrainingFolder) -> tuple[Settings, dict[str, Any]]:
    given = json.loads(folder.settings.read_text(encoding="utf-8"))
    settings = Settings(
        Budget(given["steps"], given["minutes"]),
        batch_size=given["batch size"],
        seed=given["seed"],
        precision=given["precision"],
        stages=tuple(given["stages"]),
        clip=given["clip"],
        average_decay=given["average decay"],
    )
    return settings, given


def _finalize(session: TrainingSession, checkpoint: dict[str, Any]) -> None:
    """End the stage in progress."""
    settings, fabric = session.settings, session.fabric
    stage, steps = session.stages[checkpoint["stage"]], session.progress[checkpoint["stage"]].steps
    optimizers = StageOptimizers(fabric, session.recipe, stage, settings.clip, settings.average_decay)
    session.load_optimizers(optimizers, checkpoint)
    maker = session.training_batches(stage)

    def batches() -> Iterator[TrainingBatch]:
        for number in range(min(STATISTICS_BATCHES, steps)):
            batch = TrainingBatch.on(fabric.device, maker(steps + number))
            seed_step(settings.seed, stage.name, "settle", number, fabric.global_rank)
            yield batch

    optimizers.finalize(batches())
