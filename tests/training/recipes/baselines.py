from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from bench.training import DataFacts, TrainingData
from bench.training.data.batches import BatchMaker, TrainingBatch
from bench.training.recipe import Stage
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining
from spgnet.features import ImageNetFeatures
from tests.training.toys import Squares, toy_data

SIDE = 32


def data(side: int = SIDE) -> TrainingData:
    train, validation = Squares(6, side=side + 8, labelled=False), Squares(2, side=side, labelled=False)
    return replace(toy_data(), train=train, validation=validation, size=(side, side))


def recipe(make: type[BaselineRecipe], config: BaselineTraining | None = None, side: int = SIDE) -> BaselineRecipe:
    torch.manual_seed(0)
    return make(config or make.presets["small"], DataFacts((), (side, side)))


def batch(n: int = 2, side: int = SIDE) -> TrainingBatch:
    own = data(side)
    maker = BatchMaker(own.train, own.protocol, own.size, n, seed=0, with_labels=False)
    return TrainingBatch.on(torch.device("cpu"), maker(0))


def stage(made: BaselineRecipe, name: str) -> Any:
    found: Sequence[Stage] = [stage for stage in made.stages if stage.name == name]
    (one,) = found
    return one


def tiny_features() -> ImageNetFeatures:
    """Stands in for a trained network: five maps of four channels."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for index in range(5):
        layers += [nn.Conv2d(4 if index else 3, 4, 3, 2, 1), nn.ReLU()]
    return ImageNetFeatures(nn.Sequential(*layers), (2, 4, 6, 8, 10))
