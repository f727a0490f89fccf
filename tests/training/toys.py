from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

import bench.masks
from bench.training import (
    Budget,
    DataFacts,
    OptimizerSpec,
    Recipe,
    Settings,
    Stage,
    StageOutput,
    TrainingBatch,
    TrainingData,
)
from bench.vocabulary import VOID, Sample


class Squares:
    """Coloured squares on a background, drawn from a seed; class 1 is the square."""

    name = "squares"
    classes = ("ground", "square")
    objects = (1,)

    def __init__(self, count: int, side: int = 20, *, labelled: bool = True) -> None:
        self.ids = tuple(f"{index:03d}" for index in range(count))
        self.revision = f"{count}-{side}-{labelled}"
        self.side, self.labelled = side, labelled

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        random = np.random.default_rng(index)
        image = np.full((self.side, self.side, 3), random.integers(0, 256, 3), np.uint8)
        labels = np.zeros((self.side, self.side), np.uint8)
        top, left = random.integers(0, self.side // 2, 2)
        square = slice(top, top + self.side // 2), slice(left, left + self.side // 2)
        image[square] = random.integers(0, 256, 3)
        labels[square] = 1
        labels[0, 0] = VOID
        return Sample(self.ids[index], image, labels if self.labelled else None)


class Fill(Stage):
    """A filler alone, with dropout, so that random numbers matter."""

    averaged = ("filler",)

    def __init__(self, name: str, networks: dict[str, nn.Module], rate: float, share: float = 1.0):
        self.name, self.networks, self.share = name, networks, share
        self.optional = share < 1
        self.optimizers: tuple[OptimizerSpec, ...] = (OptimizerSpec("filler", ("filler",), {"l1": 1.0}, rate),)

    def forward(self, batch: TrainingBatch) -> dict[str, torch.Tensor]:
        return {"image": self.networks["filler"](torch.cat([batch.hidden, batch.hole.float()], 1))}

    def losses(
        self, optimizer: str, batch: TrainingBatch, outputs: Mapping[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        assert optimizer == "filler"
        return {"l1": (outputs["image"] - batch.image).abs().mean()}

    def predict(self, batch: TrainingBatch) -> StageOutput:
        labels = None if batch.labels is None else torch.zeros_like(batch.labels)
        return StageOutput(self.forward(batch)["image"], labels)


class Fool(Fill):
    """The same against a critic."""

    def __init__(self, name: str, networks: dict[str, nn.Module], rate: float):
        super().__init__(name, networks, rate)
        self.optimizers = (
            OptimizerSpec("filler", ("filler",), {"l1": 1.0, "fool": 0.1}, rate),
            OptimizerSpec("critic", ("critic",), {"judge": 1.0}, rate),
        )

    def losses(
        self, optimizer: str, batch: TrainingBatch, outputs: Mapping[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        critic, image = self.networks["critic"], outputs["image"]
        if optimizer == "critic":
            return {"judge": (critic(batch.image) - 1).square().mean() + critic(image).square().mean()}
        return {**super().losses(optimizer, batch, outputs), "fool": (critic(image) - 1).square().mean()}


class Toy(Recipe):
    """Nothing of it is SPG-Net's."""

    name = "toy"

    def __init__(self, facts: DataFacts, *, needs_labels: bool = False, dropout: float = 0.1, rate: float = 1e-2):
        self.needs_labels = needs_labels
        filler = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.Dropout(dropout), nn.Conv2d(8, 3, 1))
        critic = nn.Sequential(nn.Conv2d(3, 4, 4, stride=2), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
        self.networks = {"filler": filler, "critic": critic}
        self.stages = (
            Fill("alone", self.networks, rate),
            Fool("adversarial", self.networks, rate),
            Fill("extra", self.networks, rate, share=0.5),
        )
        self.settings: Mapping[str, Any] = {"size": list(facts.size), "rate": rate}

    def export(self, folder: Path, stages: Sequence[str]) -> None:
        assert stages
        save_file(self.networks["filler"].state_dict(), folder / "filler.safetensors")


def toy_data(count: int = 10, *, side: int = 20, labelled: bool = True, protocol: str = "spg-random") -> TrainingData:
    train, validation = Squares(count, side, labelled=labelled), Squares(4, 16, labelled=labelled)
    return TrainingData(train, validation, bench.masks.get(protocol), (16, 16))


def toy_settings(steps: int = 12, **changes: Any) -> Settings:
    options: dict[str, Any] = {"batch_size": 4, "log_every": 2, "check_every": 3, "workers": 0, **changes}
    return Settings(options.pop("budget", Budget(steps=steps)), **options)
