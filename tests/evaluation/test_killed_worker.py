"""Models that kill, break or hang their worker cost a run the pictures at hand alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cli.run import execute
from bench.errors import Failure, UsageError
from bench.evaluation.plan import resolve
from bench.evaluation.run import run_suite
from bench.evaluation.shard_task import ShardTask
from bench.evaluation.suite import Suite
from bench.models import MODELS
from bench.records import read_run
from tests.support.direct_engine import Alone

PLUG_IN = """
import ctypes, signal
from pathlib import Path
import torch
from bench.models import load
from bench.vocabulary import LabelSources

FOLDER = Path(__file__).parent

class Faulty:
    label_sources = LabelSources()

    def __init__(self, name, device):
        self.name, self.fingerprint, self.mean = name, name.encode().hex().ljust(64, "0"), load("mean")
        if name == "broken":
            self.network = torch.nn.Identity()  # so that its size is measured, on the first picture

    def inpaint(self, batch):
        if {"broken": "p000", "hanging": "p016"}.get(self.name) in batch.ids and not (FOLDER / "mended").exists():
            getattr(self, self.name)()
        return self.mean.inpaint(batch)

    def broken(self):
        ctypes.string_at(0)

    def hanging(self):
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left <= 300  # the time limit
        signal.setitimer(signal.ITIMER_REAL, 0.1)  # most of it has passed
        ctypes.PyDLL(None).sleep(600)  # and keeps the interpreter

def broken(device):
    return Faulty("broken", device)

def hanging(device):
    return Faulty("hanging", device)

def crashing(device):
    if not (FOLDER / "mended").exists():
        ctypes.string_at(0)
    return Faulty("crashing", device)
"""


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose models break; a file `mended` in it mends them."""
    package = tmp_path / "package"
    (package / "faulty-1.dist-info").mkdir(parents=True)
    (package / "faulty.py").write_text(PLUG_IN)
    (package / "faulty-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1\n")
    entries = "[spgbench.models]\nbroken = faulty:broken\nhanging = faulty:hanging\ncrashing = faulty:crashing\n"
    (package / "faulty-1.dist-info" / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(package)
    monkeypatch.setattr(MODELS, "_entries", dict(MODELS._entries))
    monkeypatch.setattr(MODELS, "_plugins_read", False)
    return package


def _tree(folder: Path) -> dict[str, bytes]:
    """Every file that a run makes of its records."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_other_cells_go_on_and_the_next_run_mends_it(
    picture_folder: Callable[..., Path], plug_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out, whole = str(picture_folder(17, size=16)), tmp_path / "out", tmp_path / "whole"
    models = ("mean", "broken", "hanging", "crashing")
    suite = Suite("test", dataset="folder", size="16", data_root=root, models=models, metrics=("l1",))

    with pytest.raises(Failure) as caught:
        execute(suite, out, device="cpu", batch_timeout=300)

    message = str(caught.value)
    assert caught.value.exit_code == 3
    assert "broken on center-50@1, 16 pictures from p000 to p015: SIGSEGV at pictures p000, p001, p002, p003" in message
    assert "hanging on center-50@1, picture p016: SIGALRM (end of its time limit) at picture p016" in message
    assert "processes that died when they loaded a model: crashing: SIGSEGV at the loading of model crashing" in message
    assert message.startswith("run of crashing, broken, hanging must come to its end")
    assert "A batch may take 300 s" in message
    assert [key.model for key in read_run(out).cells] == ["mean"]
    assert "mean" in capsys.readouterr().out
    assert (out / "report.html").exists()

    (plug_in / "mended").touch()
    run_suite(suite, out)
    run_suite(suite, whole)

    assert _tree(out / "cells") == _tree(whole / "cells")
    assert _tree(out / "gallery" / "samples") == _tree(whole / "gallery" / "samples")
    assert (out / "run.json").read_bytes() == (whole / "run.json").read_bytes()


def test_a_run_without_a_model_that_loads_ends(plug_in: Path, tmp_path: Path) -> None:
    suite = Suite("test", models=("crashing",), metrics=("l1",))
    with pytest.raises(Failure, match=r"run of crashing must load its models; .*SIGSEGV at the loading of model"):
        run_suite(suite, tmp_path / "out", workers=2)
    assert not (tmp_path / "out").exists()


def test_a_worker_with_other_weights_is_refused(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    root = picture_folder(2, size=16)
    suite = Suite("test", dataset="folder", size="16", data_root=str(root), models=("mean",), metrics=("l1",))
    task = ShardTask.of(resolve(suite, tmp_path / "out"))
    other_weights = replace(task, parts={**task.parts, "model mean": "0" * 64})
    assert task.fingerprint != other_weights.fingerprint
    for other, name in (
        (other_weights, "'model mean'"),
        (replace(task, parts={**task.parts, "code": "0" * 64}), "'code'"),
        (replace(task, suite=suite.with_changes(seed=1)), "'seed'"),
        (replace(task, suite=suite.with_changes(metrics=("psnr",))), "'metric l1.full'"),
    ):
        with pytest.raises(UsageError, match=f"a worker must have what the run began with; found another .*{name}"):
            other.start(Alone())
    with pytest.raises(UsageError, match="time limit of a batch must be a positive number"):
        ShardTask.of(resolve(suite, tmp_path / "out"), batch_timeout=0)
    shutil.copy(root / "images" / "p000.png", root / "images" / "p001.png")
    with pytest.raises(UsageError, match="another 'data set "):
        task.start(Alone())
