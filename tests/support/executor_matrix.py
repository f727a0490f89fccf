"""Measures engines: bytes of a cell from all of them, overhead of an empty item, and how two workers scale.

    python -m tests.support.executor_matrix

Prints a line a figure. It takes some minutes.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.evaluation import run_suite
from bench.evaluation.suite import Suite
from bench.runtime.executors.executor import Executor
from bench.runtime.executors.local_executor import LocalExecutor
from bench.runtime.executors.ray_executor import RayExecutor
from bench.runtime.executors.slurm_executor import SlurmExecutor
from tests.runtime.executors.tasks import Busy, Nothing
from tests.support.ray import importable_tests, local_ray

_EMPTY, _BUSY = 200, 40
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
        for kind in ("local", "ray"):
            one, two = (_seconds((engines | remote)[f"{kind} {n}"], Busy(), _BUSY) for n in (1, 2))
            print(f"{kind}: 2 workers do {one / two:.2f}x the items of 1 (target: {_LEAST_GAIN:g})", flush=True)  # noqa: T201
        expected = _hash(out / "here", None)
        makers: dict[str, Callable[[Path], Executor]] = {
            **{f"local {n}": partial(_local, n) for n in (1, 2, 3)},
            **{f"ray {n}": partial(RayExecutor, n, cpus=1) for n in (1, 2, 3)},
            **{f"submitit {n}": partial(SlurmExecutor, n, cluster="local") for n in (1, 2, 3)},
        }
        for name, make in makers.items():
            same = _hash(out / name.replace(" ", "-"), make) == expected
            print(f"{name}: {'the same bytes' if same else 'OTHER BYTES'}", flush=True)  # noqa: T201


def _local(workers: int, out: Path) -> Executor:
    return LocalExecutor(workers)


def _seconds(engine: Executor, task: Nothing | Busy, items: int) -> float:
    """From the first result to the last one: the start of workers is paid once."""
    times: list[float] = []
    engine.run(task, range(items), lambda _item, _result: times.append(time.perf_counter()))
    return (times[-1] - times[0]) * items / (items - 1)


def _hash(out: Path, make: Callable[[Path], Executor] | None) -> str:
    suite = Suite("matrix", ("telea", "mean"), ("center-50",), ("psnr", "l1"), size="64", limit=20)
    run_suite(suite, out, device="cpu", executor=make(out) if make else None)
    files = sorted((out / "cells").rglob("*.json*"))
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()


if __name__ == "__main__":
    main()
