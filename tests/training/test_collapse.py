from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from bench.training import DataFacts, OptimizerSpec, TrainingBatch, fit, read_log
from bench.training.collapse import CollapseWatch
from tests.training.toys import Fill, Fool, Toy, toy_data, toy_settings


def test_only_500_steps_in_a_row_are_a_collapse_and_are_said_once() -> None:
    watch = CollapseWatch()
    sure, unsure = {"critic.accuracy": 0.995, "filler.l1": 1.0}, {"critic.accuracy": 0.99}

    assert not any(watch.add(sure, 20) for _ in range(24))
    assert watch.add(unsure, 20) == ()
    assert not any(watch.add(sure, 20) for _ in range(24))
    assert watch.add(sure, 20) == ("critic",)
    assert watch.add(unsure, 20) == ()
    assert not any(watch.add(sure, 100) for _ in range(10))
    assert watch.add({"other.accuracy": 1.0}, 500) == ("other",)


class Sure(Fool):
    """The discriminator is always right."""

    def __init__(self, name: str, networks: dict[str, nn.Module], rate: float) -> None:
        super().__init__(name, networks, rate)
        filler, critic = self.optimizers
        self.optimizers = (filler, OptimizerSpec("critic", ("critic",), critic.weights, rate, logged=("accuracy",)))

    def losses(self, optimizer: str, batch: TrainingBatch, outputs: Mapping[str, torch.Tensor]) -> Any:
        terms = super().losses(optimizer, batch, outputs)
        return {**terms, "accuracy": batch.image.new_tensor(1.0)} if optimizer == "critic" else terms


def test_a_training_that_collapses_says_so_and_goes_on(
    tmp_path: Path, fabric: Fabric, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.training.collapse._STEPS", 4)

    def build(facts: DataFacts) -> Toy:
        toy = Toy(facts)
        toy.stages = (Sure("adversarial", toy.networks, 1e-3), Fill("extra", toy.networks, 1e-3, share=0.5))
        return toy

    with caplog.at_level(logging.WARNING, "bench"):
        fit(build, toy_data(), toy_settings(8, stages=("adversarial",)), tmp_path, fabric)
    rows = [(row["step"], row["value"]) for row in read_log(tmp_path / "log.csv") if row["name"] == "critic.collapse"]

    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "stage 'adversarial', step 4: accuracy of 'critic' has been above 99 % for 500 steps"
    ]
    assert [(int(step), float(value)) for step, value in rows] == [(4, 1.0)]
    assert len(list((tmp_path / "checkpoints").iterdir())) == 2
