from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from torch import nn

from bench.training import DataFacts, TrainingBatch, fit
from bench.training.optimization.running_statistics import has_running_statistics, measure_running_statistics
from tests.training.toys import Toy, toy_data, toy_settings


def batches(count: int) -> list[TrainingBatch]:
    torch.manual_seed(0)
    return [
        TrainingBatch(
            torch.rand(4, 3, 8, 8) * (number + 1), torch.zeros(4, 1, 8, 8, dtype=torch.bool), None, ("a",) * 4
        )
        for number in range(count)
    ]


def test_statistics_are_the_means_over_all_batches() -> None:
    layer, given = nn.BatchNorm2d(3, momentum=0.3), batches(5)
    layer(torch.rand(2, 3, 8, 8) * 100)
    measure_running_statistics([layer], lambda batch: layer(batch.image), given)
    assert layer.running_mean is not None
    assert layer.running_var is not None
    means = torch.stack([batch.image.mean(dim=(0, 2, 3)) for batch in given]).mean(dim=0)
    variances = torch.stack([batch.image.var(dim=(0, 2, 3)) for batch in given]).mean(dim=0)
    torch.testing.assert_close(layer.running_mean, means)
    torch.testing.assert_close(layer.running_var, variances)
    assert layer.momentum == 0.3


def test_they_are_measured_without_dropout() -> None:
    torch.manual_seed(1)
    network, plain = nn.Sequential(nn.Dropout2d(0.5), nn.BatchNorm2d(3)), nn.BatchNorm2d(3)
    measure_running_statistics([network], lambda batch: network(batch.image), batches(2))
    measure_running_statistics([plain], lambda batch: plain(batch.image), batches(2))
    assert torch.equal(network.state_dict()["1.running_var"], plain.state_dict()["running_var"])
    assert all(layer.training for layer in network)


def test_without_batches_they_stay() -> None:
    layer = nn.BatchNorm2d(3)
    layer(torch.rand(2, 3, 8, 8))
    before = layer.state_dict()["running_mean"].clone()
    measure_running_statistics([layer], lambda batch: layer(batch.image), [])
    assert torch.equal(layer.state_dict()["running_mean"], before)


def test_layers_that_the_pass_freezes_or_passes_by_keep_theirs() -> None:
    layers = nn.ModuleDict({name: nn.BatchNorm2d(3) for name in ("frozen", "free", "unused")})
    for layer in layers.values():
        layer(torch.rand(2, 3, 8, 8) * 5)
    before = {name: layer.state_dict()["running_var"].clone() for name, layer in layers.items()}

    def forward(batch: TrainingBatch) -> torch.Tensor:
        layers["frozen"].eval()  # as PConv's fine-tuning does with its encoder
        values: torch.Tensor = layers["free"](layers["frozen"](batch.image))
        return values

    measure_running_statistics([layers], forward, batches(3))
    same = {name: torch.equal(layer.state_dict()["running_var"], before[name]) for name, layer in layers.items()}
    assert same == {"frozen": True, "free": False, "unused": True}
    assert layers["free"].state_dict()["num_batches_tracked"] == 3


@pytest.mark.parametrize(("layer", "expected"), [(nn.BatchNorm2d(3), True), (nn.InstanceNorm2d(3), False)])
def test_only_layers_that_keep_statistics_count(layer: nn.Module, expected: bool) -> None:
    assert has_running_statistics([nn.Sequential(nn.Conv2d(3, 3, 1), layer)]) is expected


class Normalising(Toy):
    """The toy with batch normalisation."""

    def __init__(self, facts: DataFacts) -> None:
        super().__init__(facts)
        filler = self.networks["filler"]
        assert isinstance(filler, nn.Sequential)
        filler.insert(1, nn.BatchNorm2d(8))


@pytest.mark.parametrize("check_every", [3, 100])
def test_a_training_ends_with_them_however_often_it_is_looked_at(
    check_every: int, tmp_path: Path, fabric: Fabric
) -> None:
    for name, each in (("seldom", 5), ("one", check_every)):
        fit(Normalising, toy_data(), toy_settings(12, check_every=each), tmp_path / name, fabric)
    one, seldom = (load_file(tmp_path / name / "weights" / "filler.safetensors") for name in ("one", "seldom"))
    assert all(torch.equal(one[key], seldom[key]) for key in one)
    assert one["1.num_batches_tracked"] == 6  # of as many batches as the last stage had steps
