from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.errors import Failure
from bench.training.output.checkpoints import Checkpoints
from tests.support.faults import FaultyDisk, faulty_disk


def state(value: float) -> dict[str, Any]:
    return {"weights": torch.full((3,), value), "stage": 1, "scores": {"psnr": value}}


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    for step in (5, 10, 15):
        checkpoints.save(step, state(float(step)))
    assert [path.name for path in checkpoints.paths()] == ["step-00000010.pt", "step-00000015.pt"]
    loaded = checkpoints.load()
    assert loaded is not None
    assert loaded["scores"] == {"psnr": 15.0}


def test_without_checkpoints_there_is_nothing_to_load(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path).load() is None


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(5, state(5.0))
    newest = checkpoints.save(10, state(10.0))
    newest.write_bytes(newest.read_bytes()[:200])
    loaded = checkpoints.load()
    assert loaded is not None
    assert torch.equal(loaded["weights"], torch.full((3,), 5.0))


def test_when_all_are_damaged_nothing_is_begun_anew_silently(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(5, state(5.0)).write_bytes(b"")
    with pytest.raises(Failure, match="must be readable"):
        checkpoints.load()


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = Checkpoints(tmp_path)
    previous = checkpoints.save(5, state(5.0))
    before = previous.read_bytes()

    def half_written(_: Any, file: Any) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", half_written)
        with pytest.raises(Failure, match=r"No space left on device.*step-00000005\.pt is whole"):
            checkpoints.save(10, state(10.0))
    assert [path.name for path in tmp_path.iterdir()] == [previous.name]
    assert previous.read_bytes() == before


def test_ctrl_c_within_a_write_is_no_full_disk(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    checkpoints = Checkpoints(tmp_path)
    with faulty_disk(FaultyDisk(tmp_path, first=30, on_fault=stop)), pytest.raises(KeyboardInterrupt):
        checkpoints.save(5, state(5.0))

    assert list(tmp_path.iterdir()) == []
