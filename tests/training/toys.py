from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

import bench.masks
from bench.training import Budget, DataFacts, Guess, Player, Recipe, Settings, Stage, TrainingBatch, TrainingData
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


class Toy(Recipe):
    """Two stages: a filler alone (with dropout, so that random numbers matter), then against a critic."""

    name = "toy"

    def __init__(self, facts: DataFacts, *, needs_labels: bool = False, dropout: float = 0.1, rate: float = 1e-2):
        self.needs_labels = needs_labels
        filler = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.Dropout(dropout), nn.Conv2d(8, 3, 1))
        critic = nn.Sequential(nn.Conv2d(3, 4, 4, stride=2), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3))
        self.networks = {"filler": filler, "critic": critic}
        alone = Player("filler", ("filler",), {"l1": 1.0}, rate)
        against = Player("filler", ("filler",), {"l1": 1.0, "fool": 0.1}, rate)
        judge = Player("critic", ("critic",), {"judge": 1.0}, rate)
        self.stages = (
            Stage("alone", (alone,), 1.0, ("filler",)),
            Stage("adversarial", (against, judge), 1.0, ("filler",)),
            Stage("extra", (alone,), 0.5, ("filler",), optional=True),
        )
        self.settings: Mapping[str, Any] = {"size": list(facts.size), "rate": rate}

    def forward(self, stage: str, batch: TrainingBatch) -> dict[str, torch.Tensor]:
        del stage
        return {"image": self._fill(batch)}

    def losses(
        self, stage: str, player: str, batch: TrainingBatch, outputs: Mapping[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        image = outputs["image"]
        if player == "critic":
            real, fake = self.networks["critic"](batch.image), self.networks["critic"](image)
            return {"judge": (real - 1).square().mean() + fake.square().mean()}
        terms = {"l1": (image - batch.image).abs().mean()}
        if stage == "adversarial":
            terms["fool"] = (self.networks["critic"](image) - 1).square().mean()
        return terms

    def guess(self, stage: str, batch: TrainingBatch) -> Guess:
        del stage
        labels = None if batch.labels is None else torch.zeros_like(batch.labels)
        return Guess(self._fill(batch), labels)

    def export(self, folder: Path) -> None:
        save_file(self.networks["filler"].state_dict(), folder / "filler.safetensors")

    def _fill(self, batch: TrainingBatch) -> torch.Tensor:
        image: torch.Tensor = self.networks["filler"](torch.cat([batch.hidden, batch.hole.float()], 1))
        return image


def toy_data(count: int = 10, *, side: int = 20, labelled: bool = True, protocol: str = "spg-random") -> TrainingData:
    train, validation = Squares(count, side, labelled=labelled), Squares(4, 16, labelled=labelled)
    return TrainingData(train, validation, bench.masks.get(protocol), (16, 16))


def toy_settings(steps: int = 12, **changes: Any) -> Settings:
    options: dict[str, Any] = {"batch_size": 4, "log_every": 2, "check_every": 3, "workers": 0, **changes}
    return Settings(options.pop("budget", Budget(steps=steps)), **options)
