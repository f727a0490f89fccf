from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from bench.errors import Failure
from bench.runtime.executors import deaths, local_executor
from bench.runtime.executors.executor import Lost
from bench.runtime.executors.exit_codes import describe_exit
from bench.runtime.executors.local_executor import LocalExecutor
from tests.runtime.executors.collecting import check_gives_up
from tests.runtime.executors.tasks import Item, Squares, StartsOnce

FAULTS = {
    "killed": "SIGKILL (out of memory?)",
    "segfault": "SIGSEGV",
    "exits": "exit code 3",
    "hangs": "SIGALRM (end of its time limit)",
    "leaves_children": "SIGKILL (out of memory?)",
}


def run(folder: Path, items: list[Item], workers: int = 2) -> list[tuple[Item, int | Lost[Item]]]:
    found: list[tuple[Item, int | Lost[Item]]] = []
    LocalExecutor(workers).run(Squares(folder), items, lambda *one: found.append(one))
    return found


def lines(folder: Path, name: str) -> list[int]:
    return [int(line) for line in (folder / name).read_text().splitlines()] if (folder / name).exists() else []


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{process}/stat")  # a zombie that its new parent has not waited for
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_death_costs_its_item_alone(tmp_path: Path) -> None:
    items = [*(Item(number) for number in range(8)), Item(8, "killed", deaths=1)]
    items += [Item(number, fault) for number, fault in enumerate(FAULTS, start=10)]
    random.Random(0).shuffle(items)  # noqa: S311 (an order)
    samples: list[int] = []
    found: list[tuple[Item, int | Lost[Item]]] = []

    LocalExecutor(3).run(Squares(tmp_path), items, lambda *one: found.append(one), samples.append)

    assert sorted(item.number for item, _ in found) == sorted(item.number for item in items)
    for item, result in found:
        if item.deaths > 1 and item.fault:
            assert result == Lost(item, f"{FAULTS[item.fault]} at number {item.number}")
            assert len(lines(tmp_path, f"item-{item.number}")) == 2
        else:
            assert result == item.number**2
            assert len(lines(tmp_path, f"item-{item.number}")) == 1 + bool(item.fault)
    assert (samples[0], sum(samples)) == (0, 9)
    assert all(map(is_gone, lines(tmp_path, "workers")))
    wait_for(lambda: all(map(is_gone, lines(tmp_path, "children"))))


def test_an_item_is_tried_again_without_another_beside_it(tmp_path: Path) -> None:
    found = run(tmp_path, [Item(0, "killed", deaths=1), *map(Item, range(1, 6))])

    assert [item.number for item, _ in found][-1] == 0
    first, second = lines(tmp_path, "item-0")
    assert first != second
    others = {process for number in range(1, 6) for process in lines(tmp_path, f"item-{number}")}
    assert second not in others


def test_gives_up_when_all_workers_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deaths, "_LEAST", 3)
    check_gives_up(LocalExecutor(1), tmp_path / "kept")


def test_what_an_item_raises_ends_the_run_with_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="of the item") as caught:
        run(tmp_path, [Item(1, "raises"), Item(2)])

    assert 'tasks.py"' in caught.value.__notes__[0]
    with pytest.raises(Failure, match="Local: of the item"):
        run(tmp_path, [Item(1, "raises_what_no_pickle_holds")], workers=1)
    assert all(map(is_gone, lines(tmp_path, "workers")))


def test_fewer_workers_go_on_when_not_all_can_start(tmp_path: Path) -> None:
    found: dict[int, int | Lost[Item]] = {}
    task = StartsOnce(tmp_path, starts=1)

    LocalExecutor(3).run(
        task, [Item(number) for number in range(4)], lambda item, got: found.update({item.number: got})
    )

    assert found == {0: 0, 1: 1, 2: 4, 3: 9}
    with pytest.raises(Failure, match=r"found that one died of SIGKILL \(out of memory\?\) at loading the model"):
        LocalExecutor(1).run(StartsOnce(tmp_path), [Item(0)], lambda *_: None)


@pytest.mark.parametrize("moment", ["start", "item", "result"])
def test_ctrl_c_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    monkeypatch.setattr(local_executor, "_GRACE", 0.1)
    started: list[int] = []

    start = SpawnProcess.start

    def start_and_note(process: SpawnProcess) -> None:
        if moment == "start" and started:
            os.kill(os.getpid(), signal.SIGINT)
        start(process)
        started.append(process.pid or 0)

    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(SpawnProcess, "start", start_and_note)
    on_result = interrupt if moment == "result" else lambda *_: None
    on_progress = interrupt if moment == "item" else lambda _: None
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)

    with pytest.raises(KeyboardInterrupt):
        LocalExecutor(2).run(Squares(tmp_path), [Item(0), Item(1, "sleeps")], on_result, on_progress)

    signal.signal(signal.SIGINT, handler)
    assert len(started) == 2
    assert all(map(is_gone, started))


DRIVER = """
import sys
from pathlib import Path
from bench.runtime.executors.local_executor import LocalExecutor
from tests.runtime.executors.collecting import check_gives_up
from tests.runtime.executors.tasks import Item, Squares

if __name__ == "__main__":
    items = [Item(0, "sleeps"), Item(1, "keeps_the_interpreter")]
    LocalExecutor(2).run(Squares(Path(sys.argv[1])), items, lambda *_: None)
"""


def test_workers_end_with_a_killed_driver(tmp_path: Path) -> None:
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment) as driver:
        wait_for(lambda: bool(lines(tmp_path, "item-0") and lines(tmp_path, "item-1")))
        driver.kill()

    wait_for(lambda: all(map(is_gone, lines(tmp_path, "workers"))))


def test_ends_in_words() -> None:
    assert describe_exit(-signal.SIGSEGV) == "SIGSEGV"
    assert describe_exit(-200) == "signal 200"
    assert describe_exit(7) == "exit code 7"
    assert describe_exit(None) == "an unknown end"
