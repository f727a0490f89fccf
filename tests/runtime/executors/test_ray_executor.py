"""Real Ray: what an actor does, what its death costs, and what is said when Ray or the folder is out of reach."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.runtime.executors import deaths, ray_worker
from bench.runtime.executors.ray_executor import RayExecutor
from bench.runtime.executors.shared_folder import SharedFolder
from tests.runtime.executors.collecting import check_gives_up, run_squares
from tests.runtime.executors.tasks import Item, Refuses
from tests.support.ray import local_ray

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def session() -> Iterator[None]:
    with local_ray(3):
        yield


def test_starts_once_a_worker_and_loses_nothing_to_deaths(session: None, tmp_path: Path) -> None:
    items = [*map(Item, range(8)), Item(8, "killed", deaths=1), Item(9, "killed"), Item(10, "exits", deaths=1)]

    found = run_squares(RayExecutor(2, tmp_path, cpus=1), tmp_path / "kept", items)

    assert found.squares == {number: number**2 for number in range(11) if number != 9}
    assert list(found.lost) == [9]
    assert "SIGKILL" in found.lost[9]
    assert f"at number 9 on {socket.gethostname()}" in found.lost[9]
    assert found.samples == len(found.squares)
    lines = (tmp_path / "kept" / "workers").read_text().splitlines()
    assert len(lines) == len(set(lines)) <= 2 + 4  # and one for each death
    assert not list(tmp_path.glob(".workers-*"))
    assert ray.is_initialized()  # whoever started it ends it


def test_gives_up_when_all_workers_die(session: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaths, "_LEAST", 3)
    check_gives_up(RayExecutor(1, tmp_path, cpus=1), tmp_path / "kept")


def test_raises_what_the_task_raises(session: None, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="of the item") as caught:
        run_squares(RayExecutor(1, tmp_path, cpus=1), tmp_path / "kept", [Item(0), Item(1, "raises")])
    assert "in raises" in caught.value.__notes__[0]

    with pytest.raises(UsageError, match="another code"):
        run_squares(RayExecutor(1, tmp_path, cpus=1), tmp_path / "kept", [Item(0)], Refuses(tmp_path / "kept"))


def test_says_when_the_folder_is_hidden_or_the_cluster_too_small(
    session: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"room for a worker with 64 CPU cores; found no room within 0\.1 s"):
        run_squares(RayExecutor(1, tmp_path, cpus=64, patience=0.1), tmp_path / "kept", [Item(0)])

    monkeypatch.setattr(SharedFolder, "__reduce__", lambda self: (SharedFolder, (Path("/elsewhere"), self.token)))
    with pytest.raises(UsageError, match="seen by all workers"):
        run_squares(RayExecutor(1, tmp_path, cpus=1), tmp_path / "kept", [Item(0)])


def test_a_worker_without_the_code_says_so(tmp_path: Path) -> None:
    with SharedFolder.made_in(tmp_path) as shared:
        worker = ray_worker.RayWorker(shared, 1, 1, "cpu")
        assert worker.greet() == (socket.gethostname(), True)
        with pytest.raises(UsageError, match="same version of spgbench"):
            worker.start(b"cno_such_module\nTask\n.", Path.cwd())
    assert worker.greet() == (socket.gethostname(), False)
    assert not list(tmp_path.iterdir())
