from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import bench
from bench.evaluation.model_size import measure_model_size
from bench.records import ModelSize
from bench.vocabulary import Batch, Dataset, LabelSources, Prediction, Sample

SAMPLE = Sample("a", np.full((16, 24, 3), 90, np.uint8))


class Convolving:
    name, fingerprint, label_sources = "convolving", "c" * 64, LabelSources()

    def __init__(self) -> None:
        self.network, self.calls = nn.Conv2d(3, 3, 5, padding=2, bias=False), 0

    @torch.no_grad()
    def inpaint(self, batch: Batch) -> Prediction:
        self.calls += 1
        return Prediction(self.network(batch.image).clamp(0, 1))


class Failing(Convolving):
    def inpaint(self, batch: Batch) -> Prediction:
        raise RuntimeError(f"no {batch.ids}")


def test_a_convolution_is_counted_by_hand() -> None:
    assert measure_model_size(Convolving(), SAMPLE) == ModelSize(3 * 3 * 25, 3 * 3 * 25 * 16 * 24)


def test_a_model_without_modules_is_not_called(flat_model: type) -> None:
    model = flat_model()
    assert measure_model_size(model, SAMPLE) is None
    assert model.asked == []


def test_a_model_that_fails_has_no_size() -> None:
    assert measure_model_size(Failing(), SAMPLE) is None


@pytest.mark.parametrize("name", ["spgnet", "spgnet:oracle-labels"])
def test_the_parameters_of_a_row_are_those_of_the_networks_that_it_calls(name: str) -> None:
    from spgnet import SPGNet

    parts = SPGNet.from_pretrained("streets-small")
    networks = [parts.sgnet] if name == "spgnet:oracle-labels" else [parts]
    size = measure_model_size(bench.models.load(name), Sample("a", SAMPLE.image.repeat(4, 0).repeat(4, 1), _labels()))
    assert size is not None
    assert size.parameters == sum(p.numel() for network in networks for p in network.parameters())


def _labels() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.zeros((64, 96), np.uint8)


def test_a_run_counts_once(pictures: Dataset, tmp_path: Path) -> None:
    model = Convolving()
    for _ in range(2):
        bench.evaluate([model], pictures, ["center-50"], ["psnr"], out=tmp_path / "out")

    (facts,) = json.loads((tmp_path / "out" / "run.json").read_text())["models"]
    height, width = pictures[0].image.shape[:2]
    assert facts["size"] == {"parameters": 225, "multiply_adds": 225 * height * width}
    assert model.calls == 1 + -(-len(pictures) // 8)
