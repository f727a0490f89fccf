"""Weights of a training that was stopped, from its last checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from lightning_fabric import Fabric

from bench.training import Recipe
from bench.training.output.card import write_card
from bench.training.output.checkpoints import Checkpoints
from bench.training.output.folder import TrainingFolder

__all__ = ["write_early_weights"]


@torch.no_grad()
def write_early_weights(out: Path, recipe: Recipe, fabric: Fabric) -> str:
    """Write weights/ and card.json as at the end of a training; the card notes that it was stopped early.

    The averaged weights are taken as they are. Running statistics are those of the last step, not measured anew.

    Args:
        out: folder of a training that was stopped.
        recipe: its recipe as it began, on the CPU; its networks are changed.
        fabric: of the machine that trained.

    Returns:
        A sentence with the steps, or empty where there is no checkpoint.
    """
    folder = TrainingFolder(out)
    checkpoint = Checkpoints(folder.checkpoints).load()
    if checkpoint is None:
        return ""
    for name, network in recipe.networks.items():
        network.load_state_dict(checkpoint["networks"][name])
    weights = {
        f"{name}.{key}": weight
        for name, network in recipe.networks.items()
        for key, weight in network.named_parameters()
    }
    in_progress = checkpoint["turns"] or {"averages": {}}  # of a stage; after its end the networks hold the averages
    for key, average in in_progress["averages"].items():
        weights[key].copy_(average)
    settings = json.loads(folder.settings.read_text(encoding="utf-8"))
    spent = dict(zip(settings["stages"], checkpoint["spent"], strict=True))
    steps = sum(stage["steps"] for stage in spent.values())
    note = f"stopped early, after {steps} of {settings['steps']} steps: averaged weights of that moment"
    folder.weights.mkdir(parents=True, exist_ok=True)
    recipe.export(folder.weights, settings["stages"])
    write_card(folder, spent, settings["batch size"], fabric, [*recipe.notes, note])
    return note
