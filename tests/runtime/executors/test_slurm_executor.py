"""Real submitit on this machine: shares, deaths, preemption, and what is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.runtime.executors import deaths
from bench.runtime.executors.create import create_executor
from bench.runtime.executors.shared_folder import SharedFolder
from bench.runtime.executors.slurm_executor import SlurmExecutor
from tests.runtime.executors.collecting import check_gives_up, run_squares
from tests.runtime.executors.tasks import Item, Refuses
from tests.support.ray import importable_tests

pytest.importorskip("submitit")


@pytest.fixture(autouse=True)
def importable() -> Iterator[None]:
    with importable_tests():
        yield


def _local(workers: int, out: Path) -> SlurmExecutor:
    return SlurmExecutor(workers, out, cluster="local")


def test_shares_the_items_and_loses_nothing_to_deaths_and_preemption(tmp_path: Path) -> None:
    items = [Item(0), Item(1, "preempted", deaths=1), Item(2), Item(3, "killed"), Item(4), Item(5, "killed", deaths=1)]

    found = run_squares(_local(2, tmp_path), tmp_path / "kept", items)

    assert found.squares == {number: number**2 for number in (0, 1, 2, 4, 5)}
    assert list(found.lost) == [3]
    assert "at number 3 on " in found.lost[3]
    assert found.samples == 5
    kept = tmp_path / "kept"
    assert len((kept / "item-0").read_text().splitlines()) == 1  # the preempted element left it out
    assert len((kept / "item-1").read_text().splitlines()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]


def test_gives_up_when_all_elements_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaths, "_LEAST", 3)
    check_gives_up(_local(1, tmp_path), tmp_path / "kept")


def test_raises_what_the_task_raises(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="of the item") as caught:
        run_squares(_local(1, tmp_path), tmp_path / "kept", [Item(0), Item(1, "raises")])
    assert "in raises" in caught.value.__notes__[0]


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # logs of submitit's debug executor
def test_the_debug_cluster_is_this_process(tmp_path: Path) -> None:
    debug = create_executor("slurm", 2, tmp_path, options={"cluster": "debug"})

    assert run_squares(debug, tmp_path / "kept", [Item(2), Item(3)]).squares == {2: 4, 3: 9}
    assert set((tmp_path / "kept" / "workers").read_text().split()) == {str(os.getpid())}
    with pytest.raises(UsageError, match="another code"):
        run_squares(debug, tmp_path / "kept", [Item(0)], Refuses(tmp_path / "kept"))


def test_elements_that_write_nothing_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SharedFolder, "__reduce__", lambda self: (SharedFolder, (Path("/elsewhere"), self.token)))
    with pytest.raises(UsageError, match="be seen by all machines; found 1 elements that wrote nothing"):
        run_squares(_local(1, tmp_path), tmp_path / "kept", [Item(0)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": "pbs"}, "be one of slurm, local, debug"),
        ({"cluster": "local", "partition": "gpu"}, "Use 'slurm_partition' instead"),
        ({"cluster": "local", "timeout_min": "long"}, "timeout_min"),
        ({}, "find the programs sbatch, srun and scancel"),
    ],
)
def test_refuses_unknown_options(options: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        run_squares(create_executor("slurm", 1, tmp_path, options=options), tmp_path / "kept", [Item(0)])


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UsageError, match=r"pip install 'spgbench\[slurm\]'"):
        run_squares(_local(1, tmp_path), tmp_path / "kept", [Item(0)])


def test_the_jobs_of_a_killed_driver_are_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for `scancel` keeps its arguments."""
    programs, abandoned = tmp_path / "bin", tmp_path / "out" / ".workers-old"
    programs.mkdir()
    (programs / "scancel").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/cancelled\n')
    (programs / "scancel").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    abandoned.mkdir(parents=True)
    (abandoned / "array").write_text("4711")

    run_squares(_local(1, tmp_path / "out"), tmp_path / "kept", [Item(1)])

    assert (tmp_path / "cancelled").read_text() == "4711\n"
    assert not list((tmp_path / "out").iterdir())
