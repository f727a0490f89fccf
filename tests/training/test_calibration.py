from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import bench.metrics
import bench.models
from bench.cli.app import app
from bench.errors import DataError, UsageError
from bench.training import open_data
from bench.training.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE, calibrate
from bench.training.data.sampling import stream_key
from bench.training.validation import mean_psnr
from spgnet import SPGNet, SPGNetConfig

CAMVID = ("sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist")
OPTIONS = ["--size", "64", "--limit", "3", "--protocol", "random-rect"]


def weights(folder: Path, classes: tuple[str, ...] = CAMVID, *, guided: bool = True) -> Path:
    torch.manual_seed(0)
    SPGNet(SPGNetConfig.small(classes, guided=guided)).save(folder / "spgnet")
    return folder / "spgnet.safetensors"


def test_the_temperature_is_printed_and_stands_beside_the_weights(tmp_path: Path) -> None:
    file = weights(tmp_path)
    before, content = bench.models.load(f"spgnet?weights={file}").fingerprint, file.read_bytes()

    result = CliRunner().invoke(app, ["calibrate", str(file), *OPTIONS], catch_exceptions=False)

    temperature = float(result.stdout)
    assert MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE
    assert temperature != 1
    assert json.loads(file.with_suffix(".json").read_text())["config"]["temperature"] == temperature
    assert SPGNet.from_pretrained(file).config.temperature == temperature
    assert file.read_bytes() == content
    assert bench.models.load(f"spgnet?weights={file}").fingerprint != before


def test_no_other_temperature_fills_better(tmp_path: Path) -> None:
    trained = SPGNet.from_pretrained("streets-small")
    trained.save(tmp_path / "copy")
    data = open_data("streets", None, (64, 64), "random-rect", limit=1, validation_limit=4)
    temperature = calibrate(tmp_path / "copy", data)

    def psnr(temperature: float) -> float:
        trained.config = replace(trained.config, temperature=temperature)
        values = []
        for sample in data.validation:
            hole = torch.from_numpy(data.protocol.hole(sample, stream_key("hole", 0), data.validation))[None, None]
            truth = torch.from_numpy(sample.image.copy()).permute(2, 0, 1)[None]
            filled = trained.complete(truth / 255, hole).composite
            values.append(bench.metrics.psnr(truth, (filled * 255).round().byte(), hole))
        return float(torch.cat(values).mean())

    best = psnr(temperature)
    assert all(best >= psnr(other) - 2e-3 for other in (0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 8.0))


def test_weights_without_labels_and_of_other_classes_are_refused(tmp_path: Path) -> None:
    unguided, other = weights(tmp_path / "a", guided=False), weights(tmp_path / "b", ("sky", "road"))
    for file, error in ((unguided, UsageError), (other, DataError), (tmp_path / "none.safetensors", DataError)):
        result = CliRunner().invoke(app, ["calibrate", str(file), *OPTIONS])
        assert isinstance(result.exception, error)


def test_the_model_divides_its_logits(tmp_path: Path) -> None:
    torch.manual_seed(0)
    plain = SPGNet(SPGNetConfig.small(("sky", "road", "car")))
    warm = SPGNet(replace(plain.config, temperature=2.5))
    warm.load_state_dict(plain.state_dict())
    warm.save(tmp_path / "warm")
    image, hole = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    hole[..., 8:24, 8:24] = True

    one, other = plain.complete(image, hole), SPGNet.from_pretrained(tmp_path / "warm").complete(image, hole)

    assert one.probabilities is not None
    assert other.probabilities is not None
    torch.testing.assert_close(other.probabilities, (one.probabilities.log() / 2.5).softmax(dim=1))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf"), float("nan")])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be above 0 and finite"):
        replace(SPGNetConfig.small(("sky", "road")), temperature=temperature)


def test_an_exact_picture_counts_as_the_cap() -> None:
    assert mean_psnr([math.inf, 103.0, 22.0]) == 74.0
