from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import baselines.weights
import bench
import bench.models
from baselines.network import InpaintingNetwork
from bench.errors import ModelFailure, UsageError
from bench.models import MODELS
from bench.training import RECIPES
from bench.vocabulary import Dataset, LabelSources
from tests.models.contract import check_any_size, check_blind, check_one_at_a_time, make_batch

ROWS = [entry.name for entry in MODELS if entry.target == "bench.models.learned:LearnedModel"]
every_row = pytest.mark.parametrize("row", ROWS)
Weights = Callable[[str], Path]


def network(row: str) -> InpaintingNetwork:
    """Untrained, as small as its preset."""
    from importlib import import_module

    module, _, architecture = dict(MODELS.find(row)[0].options)["network"].partition(":")
    make: Any = getattr(import_module(module), architecture)
    torch.manual_seed(0)
    made = make(make.configuration.small())
    assert isinstance(made, InpaintingNetwork)
    return made


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder = tmp_path_factory.mktemp("weights")

    def write(row: str) -> Path:
        file = folder / f"{row}.safetensors"
        if not file.exists():
            network(row).save(file)
        return file

    return write


def test_rows_and_recipes_have_the_same_names() -> None:
    assert len(ROWS) == 6
    assert set(ROWS) <= {entry.name for entry in RECIPES}


@every_row
def test_a_row_is_the_network_and_keeps_to_the_contract(row: str, weights: Weights) -> None:
    model = bench.models.load(f"{row}?weights={weights(row)}")
    batch = make_batch(2)

    with torch.no_grad():
        alone = [network(row)(batch.image[i : i + 1], batch.hole[i : i + 1]) for i in range(2)]
        assert torch.equal(model.inpaint(batch).image, torch.cat(alone))
    assert model.label_sources == LabelSources()
    check_one_at_a_time(model)
    check_blind(model)
    check_any_size(model)


def test_fingerprints_tell_networks_and_weights_apart(weights: Weights, tmp_path: Path) -> None:
    specs = [f"{row}?weights={weights(row)}" for row in ROWS]
    other = network("glcic")
    torch.nn.init.zeros_(next(other.parameters()))
    other.save(tmp_path / "other")

    prints = [bench.models.load(spec).fingerprint for spec in [*specs, f"glcic?weights={tmp_path / 'other'}"]]

    assert len(set(prints)) == len(ROWS) + 1
    assert prints[:-1] == [bench.models.load(spec).fingerprint for spec in specs]


def test_weights_that_do_not_fit_are_refused(weights: Weights) -> None:
    with pytest.raises(ModelFailure, match="must be of GLCIC; found LaMa"):
        bench.models.load(f"glcic?weights={weights('lama')}")
    with pytest.raises(UsageError, match="must be a shipped name or a safetensors file"):
        bench.models.load("glcic?weights=nowhere")


def test_without_weights_a_row_takes_those_of_its_data_set(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baselines.weights, "PRETRAINED", tmp_path)
    for name in ("streets-glcic-small", "camvid-glcic-small", "streets-lama-small"):
        row = name.split("-")[1]
        made = network(row)
        torch.nn.init.constant_(next(made.parameters()), len(name))
        made.save(tmp_path / name)

    def same(row: str, dataset: str, name: str) -> bool:
        default = bench.models.load(row, dataset=dataset).fingerprint
        return default == bench.models.load(f"{row}?weights={tmp_path / name}.safetensors").fingerprint

    assert same("glcic", "camvid", "camvid-glcic-small")
    assert same("glcic", "cityscapes", "streets-glcic-small")
    assert same("lama", "camvid", "streets-lama-small")
    with pytest.raises(UsageError, match="weights 'streets-partial-conv-small' must be a shipped name"):
        bench.models.load("partial-conv", dataset="camvid")


def test_learned_and_plain_rows_stand_in_one_run(pictures: Dataset, weights: Weights, tmp_path: Path) -> None:
    models = ["telea", f"glcic?weights={weights('glcic')}", f"ours=lama?weights={weights('lama')}"]

    run = bench.evaluate(models, pictures, ["center-50"], ["psnr"], out=tmp_path / "out")

    assert [key.model.partition("?")[0] for key in run.cells] == ["telea", "glcic", "ours"]
    assert all(cell.n_failed == 0 for cell in run.cells.values())
