"""A disk that fails under a run: nothing is lost, nothing is counted twice, and the message says what to do."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.errors import ModelFailure
from bench.evaluation.pipeline.prediction import predict
from bench.records import read_run
from bench.vocabulary import Batch, Dataset, Prediction
from tests.conftest import FlatModel
from tests.support.fault_loop import Small
from tests.support.faults import FaultyDisk, faulty_disk
from tests.support.small_run import call, compare_trees, run_arguments, tree, write_pictures

DISK = ["run.json", "gallery", "fills", "new-", "samples-", "cell.json", "done", "truth", ".finished.json"]
"""What a run writes: a part of the name."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small("run", tmp_path_factory.mktemp("small"))


@pytest.mark.parametrize("name", DISK)
def test_a_run_goes_on_after_the_disk_was_full(small: Small, name: str) -> None:
    renamed = next(
        place for place, text in enumerate(small.operations, 1) if text.startswith("rename") and name in text
    )
    write = max(place for place in range(1, renamed) if small.operations[place - 1].startswith("write"))

    assert list(small.problems(write, errno.ENOSPC)) == []


@pytest.mark.parametrize("command", ["report", "masks", "predict"])
def test_other_commands_go_on_after_the_disk_was_full(command: str, tmp_path: Path) -> None:
    small = Small(command, tmp_path, pictures=2)
    writes = [place for place, text in enumerate(small.operations, 1) if text.startswith("write")]

    assert list(small.problems(writes[len(writes) // 2], errno.ENOSPC)) == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EDQUOT, errno.EMFILE, errno.EIO, errno.EACCES])
def test_every_refusal_of_the_system_is_one_sentence_that_names_a_file(small: Small, number: int) -> None:
    assert list(small.problems(len(small.operations) // 2, number)) == []


def test_a_name_that_no_file_system_takes_gets_a_short_folder(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "pictures", 2)
    out, names = tmp_path / "out", ["m" * 300, "m" * 301]

    code, _ = call([*run_arguments(pictures, out), "--models", ",".join(f"{name}=mean" for name in names)])

    assert code == 0
    assert {key.model for key in read_run(out).cells} == set(names)
    assert all(len(folder.name) <= 200 for folder in (out / "cells").iterdir())


def test_a_finished_run_loses_what_a_killed_command_left_half_written(tmp_path: Path) -> None:
    words = run_arguments(write_pictures(tmp_path / "pictures", 2), tmp_path / "out")
    call(words)
    whole = tree(tmp_path / "out")
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    machine = re.sub(r"[^A-Za-z0-9]", "", platform.node())[:32]
    for folder in (tmp_path / "out", next((tmp_path / "out" / "cells").rglob("cell.json")).parent):
        (folder / f".{machine}-{int(ended.stdout)}-0123456789ab.part").write_text("{")

    call(words)

    assert tree(tmp_path / "out") == whole


class OutOfDisk(FlatModel):
    """Cannot write its own temporary file."""

    number = errno.ENOSPC

    def inpaint(self, batch: Batch) -> Prediction:
        raise OSError(self.number, os.strerror(self.number), f"file of {batch.ids[0]}")


def test_a_full_disk_under_a_model_is_not_recorded_as_its_failure(pictures: Dataset) -> None:
    model, sample = OutOfDisk(), pictures[0]
    hole = sample.image[:, :, 0] > 128

    with pytest.raises(OSError, match="No space left"):
        predict(model, [sample], [hole], 0)
    model.number = errno.ENOENT
    assert isinstance(predict(model, [sample], [hole], 0)[0], ModelFailure)


@pytest.fixture(params=[0, 4_102_444_800], ids=["1970", "2100"])
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wall clock that goes back by a second at every look, from a year far away."""
    ticks = iter(range(request.param + 1_000_000, 0, -1))
    monkeypatch.setattr(time, "time", lambda: float(next(ticks)))


@pytest.mark.usefixtures("clock")
def test_no_clock_changes_a_run(small: Small, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = small.command.arguments(small.pictures, out)
    with faulty_disk(FaultyDisk(out, first=len(small.operations) // 2)):
        assert call(arguments)[0] == 3
    for path in out.rglob("*"):
        os.utime(path, (4e9, 4e9) if len(path.name) % 2 else (0, 0))

    code, text = call(arguments)
    again = call(arguments)[1]

    assert code == 0, text
    assert compare_trees(tree(out), small.undisturbed).total() == 0
    assert "everything was recorded already" in again


class Killed(BaseException):
    """The process ends here."""


def test_a_run_anew_that_is_killed_while_it_removes_leaves_no_record_without_pictures(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "pictures", 2)
    whole, out = tmp_path / "whole", tmp_path / "out"
    code, text = call(run_arguments(pictures, whole, "--models", "mean"))
    assert code == 0, text
    shutil.copytree(whole, out)
    anew = run_arguments(pictures, out, "--models", "mean", "--reuse", "never")
    with faulty_disk(FaultyDisk(out, errno.EROFS)) as disk:
        assert call(anew)[0] == 0
    removals = [place for place, operation in enumerate(disk.seen, 1) if operation.startswith("remove cells/")]
    assert len([place for place in removals if "/gallery/" in disk.seen[place - 1]]) == 2

    def kill() -> None:
        raise Killed

    for place in removals:
        shutil.rmtree(out)
        shutil.copytree(whole, out)
        with faulty_disk(FaultyDisk(out, errno.EROFS, place, kill)), pytest.raises(Killed):
            call(anew)
        code, text = call(run_arguments(pictures, out, "--models", "mean"))
        assert code == 0, text
        assert compare_trees(tree(out), tree(whole)).total() == 0, disk.seen[place - 1]


def test_runs_that_are_killed_at_random_moments_end_with_the_same_bytes() -> None:
    command = [sys.executable, "-m", "tests.support.kill_and_resume", "--cycles", "2", "--seed", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("0 lost, 0 duplicated, 0 differing\n")
