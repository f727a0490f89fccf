from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench.profiling.contention import BestTimes, MachineWatch
from bench.profiling.cpu_use import CpuSnapshot, ProcessTimes, cpu_snapshot, cpu_use
from bench.records.contention import Contention

TICK = os.sysconf("SC_CLK_TCK")
OWN, CHILD, OTHER = 40, 41, 77


def write_proc(proc: Path, *, busy: float, stolen: float, processes: dict[int, tuple[str, int, float, float]]) -> Path:
    """A /proc of two cores, the second of which is used; processes are (name, parent, seconds, seconds of ended)."""
    proc.mkdir(exist_ok=True)
    ticks = [round(busy * TICK), 0, 0, 999, 5, 0, 0, round(stolen * TICK), 0, 0]
    lines = ["cpu 1 2 3 4 5 6 7 8 9 0", "cpu0 9 9 9 9 9 9 9 9 9 9", f"cpu1 {' '.join(map(str, ticks))}", "intr 5 5"]
    (proc / "stat").write_text("\n".join(lines))
    for number, (name, parent, seconds, ended) in processes.items():
        times = f"{round(seconds * TICK)} 0 {round(ended * TICK)} 0"
        (proc / str(number)).mkdir(exist_ok=True)
        (proc / str(number) / "stat").write_text(f"{number} ({name}) S {parent} 0 0 0 0 0 0 0 0 0 {times} 20 0\n")
    (proc / "self").mkdir(exist_ok=True)
    return proc


def test_what_others_use_is_the_rest_of_the_busy_cores(tmp_path: Path) -> None:
    """A child that ends between the snapshots hands its seconds to its parent: they are counted once."""
    before = {OWN: ("spgbench", 1, 5.0, 0.0), CHILD: ("model (2)", OWN, 3.0, 0.0), OTHER: ("a b) c", 1, 100.0, 900.0)}
    first = cpu_snapshot(write_proc(tmp_path / "first", busy=200.0, stolen=2.0, processes=before), {1})
    after = {OWN: ("spgbench", 1, 6.0, 4.0), OTHER: ("a b) c", 1, 107.0, 990.0), 78: ("new", OTHER, 0.5, 0.0)}
    last = cpu_snapshot(write_proc(tmp_path / "last", busy=211.0, stolen=3.0, processes=after), {1})

    assert first is not None
    assert last is not None
    use = cpu_use(replace(first, at=0.0), replace(last, at=10.0), OWN)
    assert use.others == pytest.approx((11 + 1 - (10 - 8)) / 10)
    assert use.stolen == pytest.approx(0.1)
    assert [(name, number) for name, number, _ in use.busiest] == [("a b) c", OTHER), ("new", 78)]
    assert use.busiest[0][2] == pytest.approx(0.7)


def test_a_system_without_proc_has_no_snapshot(tmp_path: Path) -> None:
    assert cpu_snapshot(tmp_path / "none") is None
    assert cpu_snapshot(write_proc(tmp_path / "proc", busy=1.0, stolen=0.0, processes={}), {7}) is None


@pytest.mark.parametrize("use", [0.0, 1.7])
def test_the_watch_sees_what_lies_between_its_ends(tmp_path: Path, use: float) -> None:
    shots = iter(
        CpuSnapshot(at, 50.0 + at * (use + 0.3), 0.0, {os.getpid(): ProcessTimes("own", 1, at * 0.3, 0.0), 9: other})
        for at, other in ((0.0, ProcessTimes("python", 1, 4.0, 0.0)), (2.0, ProcessTimes("python", 1, 4.0 + use, 0.0)))
    )
    watch = MachineWatch({"threads": 2}, BestTimes({}, tmp_path), lambda: next(shots), lambda: 7.9)

    watch.begin()
    seen = watch.end({"sum": 1.0}, 0.25)

    assert (seen.others, seen.load, seen.waited, seen.first_use) == (use, 7.9, 0.25, True)
    assert seen.busiest == (("python (9) takes 85 %",) if use else ())


def test_where_the_system_tells_nothing_nothing_is_said(tmp_path: Path) -> None:
    watch = MachineWatch({}, BestTimes({}, tmp_path), lambda: None, lambda: None)

    watch.begin()
    seen = watch.end({}, None)

    assert (seen.others, seen.stolen, seen.load, seen.waited) == (None,) * 4
    assert seen.reasons({}) == []


def test_best_times_are_kept_for_each_machine(tmp_path: Path) -> None:
    facts = {"device_name": "Some CPU", "threads": 2, "libraries": {"torch": "2.15"}, "cores": 64}
    best = BestTimes(facts, tmp_path)
    assert best.read() == {}

    best.add({"sum": 2.0, "convolution": 5.0})
    best.add({"sum": 3.0, "convolution": 4.0})

    assert BestTimes(facts, tmp_path).read() == {"sum": 2.0, "convolution": 4.0}
    assert BestTimes({**facts, "threads": 1}, tmp_path).read() == {}
    (file,) = tmp_path.glob("*.json")
    file.write_text("{}")
    assert best.read() == {}
    nowhere = BestTimes(facts, file / "no folder")
    nowhere.add({"sum": 1.0})
    assert nowhere.read() == {}


def test_a_contention_survives_its_record() -> None:
    seen = Contention(2, 2, 0.1, 0.0, 0.0, 0.0, ("x (1) takes 20 %",), {"sum": 0.5}, first_use=True)

    assert Contention.from_json(seen.as_json()) == seen
