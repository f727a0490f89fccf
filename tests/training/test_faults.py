from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from bench.training import fit
from bench.training.output.log import TrainingLog
from tests.support.training_faults import TinyTraining
from tests.training.toys import Toy, toy_data, toy_settings


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> TinyTraining:
    torch.set_num_threads(1)  # as in every test: other threads, other last bits
    return TinyTraining(tmp_path_factory.mktemp("training"))


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("write checkpoints/step-00000004.part", "ENOSPC"),
        ("write log.csv", "EDQUOT"),
        ("write checkpoints/step-00000004.part", "SIGKILL"),
        ("write checkpoints/step-00000002.part", "Ctrl-C"),
    ],
)
def test_a_fault_costs_no_result_of_a_training(operation: str, fault: str, training: TinyTraining) -> None:
    (first, *_) = (place for place, name in enumerate(training.operations, 1) if name.startswith(operation))

    assert list(training.problems(first, fault)) == []


def test_a_full_disk_of_tensorboard_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")  # as its thread raises it: without a name

    log = TrainingLog(tmp_path / "log.csv", tmp_path / "tensorboard")
    monkeypatch.setattr("torch.utils.tensorboard.SummaryWriter.add_scalar", full)

    with pytest.raises(OSError, match="No space left") as caught:
        log.write(1, "alone", 1, 0.5, {"l1": 0.5})
    log.close()
    assert caught.value.filename == str(tmp_path / "tensorboard")


def test_a_clock_that_goes_backwards_disturbs_no_training(
    tmp_path: Path, fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"stages": ("alone",), "log_every": 1}
    fit(Toy, toy_data(4), toy_settings(4, **settings), tmp_path / "whole", fabric)
    for name in ("time", "perf_counter", "monotonic"):
        readings = iter(range(1_000_000, 0, -1))
        monkeypatch.setattr(f"time.{name}", lambda readings=readings: float(next(readings)))

    fit(Toy, toy_data(4), toy_settings(4, **settings), tmp_path / "back", fabric)

    one, other = ((tmp_path / name / "weights" / "filler.safetensors").read_bytes() for name in ("whole", "back"))
    assert one == other
