"""Training: one trainer for all models, and a recipe for each model.

    recipe.py       the interface of a recipe, and the registry of recipes;  recipes/  one recipe for each model
    trainer.py      `fit`: trains the stages of a recipe;  stage_run.py  the loop of one stage;  session.py  their state
    settings.py     how to train
    validation.py   scores while training
    calibration.py  temperature of the labels of SPG-Net
    data/           batches of pictures, holes and label maps
    optimization/   optimizers, schedule, averages of weights, several processes
    output/         the files that a training writes

Listing the recipes imports no torch; `fit` and what it needs are imported at first use. They need the extra `train`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bench.errors import Failure
from bench.training.optimization.budget import Budget, linear_decay
from bench.training.recipe import RECIPES, DataFacts, OptimizerSpec, Ramp, Recipe, Stage, StageOutput

if TYPE_CHECKING:
    from bench.records.training import read_log
    from bench.training.data.batches import TrainingBatch
    from bench.training.data.decoded_dataset import decode_ahead
    from bench.training.data.mixed_dataset import MixedDataset, Mixture
    from bench.training.data.training_data import TrainingData, open_data
    from bench.training.optimization.parallel import fabric_for
    from bench.training.settings import Settings, Start
    from bench.training.trainer import fit

__all__ = [
    "RECIPES",
    "Budget",
    "DataFacts",
    "MixedDataset",
    "Mixture",
    "OptimizerSpec",
    "Ramp",
    "Recipe",
    "Settings",
    "Stage",
    "StageOutput",
    "Start",
    "TrainingBatch",
    "TrainingData",
    "decode_ahead",
    "fabric_for",
    "fit",
    "linear_decay",
    "open_data",
    "read_log",
]

_EXTRA = ("lightning_fabric", "tensorboard", "timm")
"""Packages of the extra `train`."""

_LAZY = {
    "MixedDataset": "bench.training.data.mixed_dataset",
    "Mixture": "bench.training.data.mixed_dataset",
    "Settings": "bench.training.settings",
    "Start": "bench.training.settings",
    "TrainingBatch": "bench.training.data.batches",
    "TrainingData": "bench.training.data.training_data",
    "decode_ahead": "bench.training.data.decoded_dataset",
    "fabric_for": "bench.training.optimization.parallel",
    "fit": "bench.training.trainer",
    "open_data": "bench.training.data.training_data",
    "read_log": "bench.records.training",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_LAZY[name]), name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        fix = "Install the extra: pip install 'spgbench[train]'."
        raise Failure("training", f"find the package {missing}", "no such package", fix) from error


def __dir__() -> list[str]:
    return sorted(__all__)
