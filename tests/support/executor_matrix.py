"""Measures engines: bytes of cells, predictions and audits from all of them, overhead of an item, and scaling.

    python -m tests.support.executor_matrix

Prints a line a figure. It takes some minutes.
"""

from __future__ import annotations

import itertools
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from bench.audit import audit
from bench.evaluation import run_suite
from bench.evaluation.export import export_predictions
from bench.evaluation.plan import resolve
from bench.evaluation.suite import Suite
from bench.reporting.csv_text import csv_text
from bench.runtime.executors.executor import Executor, Lost
from bench.runtime.executors.local_executor import LocalExecutor
from bench.runtime.executors.ray_executor import RayExecutor
from bench.runtime.executors.slurm_executor import SlurmExecutor
from tests.runtime.executors.tasks import Busy, Nothing
from tests.support.direct_engine import Alone
from tests.support.dying_worker import Disturbed
from tests.support.ray import importable_tests, local_ray

_EMPTY, _BUSY = 200, 80
_SUITE = Suite("matrix", ("telea", "mean"), ("center-50",), ("psnr", "l1"), size="64", limit=20)
_WORDS = ("OTHER BYTES", "the same bytes")
_SECONDS = 10.0
_MOST_OVERHEAD, _LEAST_GAIN = 50.0, 1.7


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder, importable_tests(), local_ray(3):
        out = Path(folder)
        engines = {f"local {n}": LocalExecutor(n) for n in (1, 2, 3)}
        remote = {f"ray {n}": RayExecutor(n, out, cpus=1) for n in (1, 2, 3)}
        for name, engine in (engines | remote).items():
            if name.endswith("1"):
                milliseconds = 1000 * _seconds(engine, Nothing(), _EMPTY) / _EMPTY
                print(f"{name}: {milliseconds:.2f} ms an empty item (target: {_MOST_OVERHEAD:g})", flush=True)  # noqa: T201
        one, two = (_rate_without_engine(processes) for processes in (1, 2))
        print(f"no engine: 2 processes do {two / one:.2f}x the items of 1", flush=True)  # noqa: T201
        for kind in ("local", "ray"):
            one, two = (_rate((engines | remote)[f"{kind} {n}"], n) for n in (1, 2))
            print(f"{kind}: 2 workers do {two / one:.2f}x the items of 1 (target: {_LEAST_GAIN:g})", flush=True)  # noqa: T201
        makers: dict[str, Callable[[Path], Executor]] = {
            **{f"local {n}": partial(_local, n) for n in (1, 2, 3)},
            **{f"ray {n}": partial(RayExecutor, n, cpus=1) for n in (1, 2, 3)},
            **{f"submitit {n}": partial(SlurmExecutor, n, cluster="local") for n in (1, 2, 3)},
        }
        for what, work in {"run": _run, "predict": _predict, "audit": _audit}.items():
            expected = work(out / what / "here", None)
            for name, make in makers.items():
                there, killed = (out / what / f"{name.replace(' ', '-')}{end}" for end in ("", "-killed"))
                same = work(there, make(there)) == expected
                print(f"{what}, {name}: {_WORDS[same]}", flush=True)  # noqa: T201
                same = work(killed, Disturbed(make(killed), out / f"{what}-{killed.name}-kept")) == expected
                print(f"{what}, {name}, a worker killed: {_WORDS[same]}", flush=True)  # noqa: T201


def _local(workers: int, out: Path) -> Executor:
    return LocalExecutor(workers)


def _seconds(engine: Executor, task: Nothing, items: int) -> float:
    """From the first result to the last one: the start of workers is paid once."""
    times: list[float] = []
    engine.run(task, range(items), lambda _item, _result: times.append(time.perf_counter()))
    return (times[-1] - times[0]) * items / (items - 1)


def _rate(engine: Executor, workers: int) -> float:
    """Items a second from when every worker has done one."""
    processes, times = set[int](), list[float]()

    def on_result(_item: int, process: int | Lost[int]) -> None:
        processes.add(process if isinstance(process, int) else 0)
        if len(processes) == workers:
            times.append(time.perf_counter())

    engine.run(Busy(), range(_BUSY), on_result)
    return (len(times) - 1) / (times[-1] - times[0])


def _rate_without_engine(processes: int) -> float:
    """Items a second of processes that know nothing of one another: what this machine allows at most."""
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_items_in, [0.0] * processes))  # they have started
        return sum(pool.map(_items_in, [_SECONDS] * processes)) / _SECONDS


def _items_in(seconds: float) -> int:
    call, end = Busy().start(Alone()), time.perf_counter() + seconds
    return next(item for item in itertools.count() if call(item) and time.perf_counter() > end)


def _run(out: Path, engine: Executor | None) -> list[bytes]:
    run_suite(_SUITE, out, device="cpu", executor=engine)
    return [path.read_bytes() for path in sorted((out / "cells").rglob("*.json*"))]


def _predict(out: Path, engine: Executor | None) -> list[bytes]:
    export_predictions(resolve(_SUITE, out), out, executor=engine)
    return [path.read_bytes() for path in sorted(out.rglob("*.png"))]


def _audit(_out: Path, engine: Executor | None) -> list[str]:
    record, measured = audit(("psnr", "ssim", "l1"), size="64", limit=20, executor=engine)
    return [repr(record), csv_text(measured.frame(record.keys))]


if __name__ == "__main__":
    main()
