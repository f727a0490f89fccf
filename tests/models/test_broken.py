from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch

import bench
import bench.models
from bench.errors import ModelFailure, UsageError
from bench.models import MODELS
from bench.models.broken import BrokenModel
from bench.vocabulary import Dataset
from spgnet import SPGNet, SPGNetConfig
from tests.models.foreign_files import write_torchscript


def test_a_file_that_is_no_model_fails_its_cells_alone(pictures: Dataset, tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(3)}, tmp_path / "weights.pt")
    bad = f"mine=torchscript:{tmp_path / 'weights.pt'}"

    run = bench.evaluate([bad, "mean"], pictures, out=tmp_path / "out")

    broken, good = run.cells.values()
    assert [(cell.key.model, cell.n, cell.n_failed) for cell in (broken, good)] == [("mine", 20, 20), ("mean", 20, 0)]
    assert "pickled weights without a model" in broken.failures[0].reason


def test_processes_agree_on_what_is_broken() -> None:
    failures = [ModelFailure("it", "import", f"<object object at {place}>") for place in ("0x7f00", "0x8e11", "0x8e11")]

    prints = [BrokenModel(name, each).fingerprint for name, each in zip(("a", "a", "b"), failures, strict=True)]

    assert prints[0] == prints[1] != prints[2]


def test_once_mended_it_is_run_again(pictures: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "toy.pt"
    path.write_bytes(b"nothing")
    run = bench.evaluate([f"torchscript:{path}?multiple=4"], pictures, out=tmp_path / "out")
    assert next(iter(run.cells.values())).n_failed == 20

    write_torchscript(path)
    run = bench.evaluate([f"torchscript:{path}?multiple=4"], pictures, out=tmp_path / "out")

    (cell,) = run.cells.values()
    assert cell.n_failed == 0
    info = json.loads((tmp_path / "out" / "run.json").read_text())
    assert "size:pad-4" in info["models"][0]["signature"]


def test_weights_of_another_architecture_fail_and_a_missing_file_stops(tmp_path: Path) -> None:
    torch.manual_seed(0)
    SPGNet(SPGNetConfig.small(("ground", "thing"))).save(tmp_path / "tiny")
    whole = (tmp_path / "tiny.safetensors").read_bytes()
    (tmp_path / "other.safetensors").write_bytes(whole.replace(b"sp_net", b"xx_net").replace(b"sg_net", b"yy_net")[:-9])

    with pytest.raises(ModelFailure):
        bench.models.load(f"spgnet?weights={tmp_path / 'other.safetensors'}")
    with pytest.raises(UsageError):
        bench.models.load(f"spgnet?weights={tmp_path / 'nothing.safetensors'}")


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Bad plug-ins, registered as the catalogue registers what it finds installed."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "bad_plugin.py").write_text("raise RuntimeError('no luck at import')\n")
    (tmp_path / "poor_plugin.py").write_text(
        "class Refuses:\n    def __init__(self, device):\n        raise OSError('weights are gone')\n"
        "class Bare:\n    name = 'bare'\n    def __init__(self, device): pass\n    def inpaint(self, batch): pass\n"
    )
    targets = ("bad_plugin:Model", "no_such_plugin:Model", "poor_plugin:Refuses", "poor_plugin:Bare")
    names = ("bad", "gone", "poor", "bare")
    for name, target in zip(names, targets, strict=True):
        point = EntryPoint(name, target, "spgbench.models")
        MODELS.add(point.name, point.value, "plug-in")
    yield
    for name in names:
        del MODELS._entries[name]


@pytest.mark.usefixtures("plugins")
def test_bad_plugins_fail_their_cells_alone(pictures: Dataset, tmp_path: Path) -> None:
    run = bench.evaluate(["bad", "gone", "poor", "bare", "mean"], pictures, out=tmp_path / "out")

    assert [cell.n_failed for cell in run.cells.values()] == [20, 20, 20, 20, 0]
    reasons = [cell.failures[0].reason for cell in run.cells.values() if cell.failures]
    assert "RuntimeError: no luck at import" in reasons[0]
    assert "No module named 'no_such_plugin'" in reasons[1]
    assert "OSError: weights are gone" in reasons[2]
    assert "no fingerprint and no label_sources of the right kind" in reasons[3]
    assert all(reason.startswith("model '") and " must " in reason for reason in reasons)
