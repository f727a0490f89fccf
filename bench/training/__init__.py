"""Training: one trainer that knows no model, and a recipe for each model.

Listing the recipes imports no torch; `fit` and what it needs are imported at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bench.training.budget import Budget, linear_decay
from bench.training.recipe import RECIPES, DataFacts, OptimizerSpec, Recipe, Stage, StageOutput

if TYPE_CHECKING:
    from bench.records.training import read_log
    from bench.training.batches import TrainingBatch
    from bench.training.decoded import decode_ahead
    from bench.training.parallel import fabric_for
    from bench.training.settings import Settings, Start, TrainingData, open_data
    from bench.training.trainer import fit

__all__ = [
    "RECIPES",
    "Budget",
    "DataFacts",
    "OptimizerSpec",
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

_LAZY = {
    "Settings": "bench.training.settings",
    "Start": "bench.training.settings",
    "TrainingBatch": "bench.training.batches",
    "TrainingData": "bench.training.settings",
    "decode_ahead": "bench.training.decoded",
    "fabric_for": "bench.training.parallel",
    "fit": "bench.training.trainer",
    "open_data": "bench.training.settings",
    "read_log": "bench.records.training",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
