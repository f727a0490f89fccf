"""The tolerances of the committed reference still catch every network that is broken on purpose, in every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

import bench.models
from bench import gating
from bench.evaluation import run_suite
from bench.evaluation.suite import read_suite
from bench.gating import Margin
from bench.gating.rounding import SPREAD_MULTIPLE
from bench.records import Run, read_run
from bench.records.spread import read_spread
from bench.vocabulary import Batch, Inpainter, Prediction
from tests.support.flipped import Remembered
from tests.support.golden_spread import networks

REFERENCE = read_run(Path(__file__).parents[2] / "results" / "reference" / "quick")
SUITE = replace(read_suite("quick"), limit=2, gallery=0)

Damage = Callable[[torch.Tensor], torch.Tensor]


def shifted(image: torch.Tensor) -> torch.Tensor:
    return image.roll(1, -1)


def swapped(image: torch.Tensor) -> torch.Tensor:
    return image.flip(1)


def blurred(image: torch.Tensor) -> torch.Tensor:
    return functional.avg_pool2d(functional.pad(image, (1, 1, 1, 1), mode="reflect"), 3, 1)


def noisy(image: torch.Tensor) -> torch.Tensor:
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    return (image + 0.02 * noise).clamp(0, 1)


class Damaged:
    """A network with something done to its picture, under its own name and fingerprint."""

    def __init__(self, model: Inpainter, damage: Damage) -> None:
        self.name, self.fingerprint, self.label_sources = model.name, model.fingerprint, model.label_sources
        self._inpaint, self._damage = model.inpaint, damage

    def inpaint(self, batch: Batch) -> Prediction:
        prediction = self._inpaint(batch)
        return replace(prediction, image=self._damage(prediction.image))


@pytest.fixture(scope="module")
def models() -> list[Inpainter]:
    return [Remembered(bench.models.load(name)) for name in networks(REFERENCE)]


@pytest.fixture(scope="module")
def baseline(models: Sequence[Inpainter], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_suite(SUITE, tmp_path_factory.mktemp("baseline"), device="cpu", models=models).run


def widest() -> dict[str, Margin]:
    """The largest tolerance that any sample of any row of the reference has, by `metric.region`."""
    spread = read_spread(REFERENCE)
    assert spread is not None
    found: dict[str, float] = {}
    for cell in spread.cells.values():
        for name, metric in cell.metrics.items():
            limits = np.maximum(SPREAD_MULTIPLE * metric.spread, metric.flips)
            found[name] = max(found.get(name, 0.0), float(limits.max()))
    return {name: Margin(amount) for name, amount in found.items()}


@pytest.mark.parametrize("damage", [shifted, swapped, blurred, noisy])
def test_damage_is_caught_in_every_row_by_the_widest_tolerance_of_all(
    models: Sequence[Inpainter], baseline: Run, damage: Damage, tmp_path: Path
) -> None:
    candidate = run_suite(SUITE, tmp_path, device="cpu", models=[Damaged(model, damage) for model in models]).run

    caught = {
        (check.model, check.protocol)
        for check in gating.gate(baseline, candidate, regression=True, tolerances=widest()).of("REGRESSION")
        if check.metric.endswith(".hole")
    }

    cells = baseline.keys()
    assert caught == {(key.model, key.protocol) for key in cells}


def test_the_records_of_the_reference_are_those_that_the_spread_was_measured_for() -> None:
    spread = read_spread(REFERENCE)

    assert spread is not None
    assert {key.model for key in spread.cells} == set(networks(REFERENCE))
    assert {"settings", "flip_share", "flip_draws", "processor", "versions"} <= spread.measured.keys()
    assert len({tuple(sorted(setting.items())) for setting in spread.measured["settings"]}) >= 5
