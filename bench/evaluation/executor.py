"""Run units in this process or in several; a unit is a pure function of its place in the plan."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby, islice
from multiprocessing.connection import wait as wait_for
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from operator import itemgetter
from pathlib import Path

from bench.evaluation import worker_status
from bench.evaluation.masked_samples import load_masked_sample, prefetch_masked_samples
from bench.evaluation.plan import SHARD_SIZE, Plan, resolve, stays_on_cpu
from bench.evaluation.shard import Unit, UnitResult, run_units
from bench.evaluation.suite import Suite
from bench.records import ModelInfo
from bench.runtime.allocator import keep_freed_memory
from bench.runtime.cores import usable_cores
from bench.runtime.exact import exact_arithmetic

__all__ = ["in_order", "run_here", "run_in_processes"]

_POLL = 0.2  # seconds between looks at the progress of the workers


def run_here(
    plan: Plan,
    units: Sequence[Unit],
    on_unit: Callable[[Unit, UnitResult], None],
    on_samples: Callable[[int], None],
    *,
    overlapped: bool = False,
) -> None:
    """Run the units one after another; calls `on_unit` after each, `on_samples` with the number of samples done.

    Args:
        overlapped: whether a batch is scored and written while the model fills the next ones; on a GPU always.
    """
    units = in_order(plan, units)
    items = [(plan.cells[unit.cell].protocol, index) for unit in units for index in unit.indices]
    with exact_arithmetic(plan.device), prefetch_masked_samples(plan, items) as masked_samples:
        given = ((unit, islice(masked_samples, len(unit.indices))) for unit in units)
        run_units(plan, given, on_unit, on_samples, overlapped=overlapped or plan.device != "cpu")


def in_order(plan: Plan, units: Sequence[Unit]) -> list[Unit]:
    """The units as they run; on a GPU those of models that stay on the CPU are spread evenly among the others.

    Within a shard alone: its pictures stay in memory while it runs. No record depends on the order.
    """
    if plan.device == "cpu":
        return list(units)
    ordered: list[Unit] = []
    for _, shard in groupby(units, key=lambda unit: unit.indices[0] // SHARD_SIZE):
        kinds: tuple[list[Unit], list[Unit]] = ([], [])
        for unit in shard:
            kinds[stays_on_cpu(plan.cells[unit.cell].model)].append(unit)
        places = [((place + 0.5) / len(kind), unit) for kind in kinds for place, unit in enumerate(kind)]
        ordered += [unit for _, unit in sorted(places, key=itemgetter(0))]
    return ordered


def run_in_processes(
    plan: Plan,
    units: Sequence[Unit],
    on_unit: Callable[[Unit, UnitResult], None],
    on_samples: Callable[[int], None],
    workers: int,
    recorded: Sequence[ModelInfo] = (),
    on_begin: Callable[[], None] = lambda: None,
) -> None:
    """Run the units in `workers` processes, each of which resolves the suite for itself; raises what a unit raises.

    When this process is interrupted, the workers end after the batch that they are at; when it is killed, at once. On a
    GPU all of them share it.

    Args:
        recorded: models whose records alone are at hand, as for `Plan.with_recorded`.
        on_begin: called again and again once a worker has begun with its first unit.

    Raises:
        Failure: a worker was killed.
    """
    context = multiprocessing.get_context("spawn")
    task = _Task(
        plan.suite,
        plan.layout.out,
        plan.device,
        max(1, usable_cores() // workers),
        tuple(recorded),
        dict(plan.bad),
        plan.keep_fills,
        plan.skip_bad,
    )
    status = worker_status.create(context, workers)
    stop, begun, counter = context.Event(), context.Event(), context.Value("q", 0)
    seen = 0
    with ProcessPoolExecutor(
        workers, context, initializer=_start_worker, initargs=(task, stop, begun, counter, status)
    ) as pool:
        pending = {pool.submit(_run_unit, unit): unit for unit in in_order(plan, units)}
        try:
            while pending:
                finished, _ = wait(pending, _POLL, FIRST_COMPLETED)
                if begun.is_set():
                    on_begin()
                on_samples(counter.value - seen)
                seen = counter.value
                for future in finished:
                    on_unit(pending.pop(future), future.result())
        except BrokenProcessPool:
            raise worker_status.killed(status) from None
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Task:
    """What every worker process is told."""

    suite: Suite
    out: Path
    device: str
    threads: int
    recorded: tuple[ModelInfo, ...]
    bad: dict[str, str]
    keep_fills: bool
    skip_bad: bool


class _Worker:
    """What a worker process keeps between units."""

    plan: Plan
    stop: Event
    begun: Event
    counter: Synchronized[int]
    settings = ExitStack()


class _Stopped(Exception):
    """The run was interrupted; nobody reads the result of this unit."""


def _start_worker(
    task: _Task, stop: Event, begun: Event, counter: Synchronized[int], status: worker_status.WorkerStatus
) -> None:
    import cv2
    import numba
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the first one decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    worker_status.join(status)
    keep_freed_memory()
    torch.set_num_threads(task.threads)
    numba.set_num_threads(task.threads)
    cv2.setNumThreads(task.threads)
    plan = resolve(task.suite, task.out, task.device).with_recorded(task.recorded)
    _Worker.plan = plan.knowing(bad=task.bad, keep_fills=task.keep_fills, skip_bad=task.skip_bad)
    _Worker.stop, _Worker.begun, _Worker.counter = stop, begun, counter
    _Worker.settings.enter_context(exact_arithmetic(task.device))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def _run_unit(unit: Unit) -> UnitResult:
    plan, results = _Worker.plan, list[UnitResult]()
    _Worker.begun.set()
    protocol = plan.cells[unit.cell].protocol
    masked_samples = (load_masked_sample(plan, protocol, index) for index in unit.indices)
    run_units(
        plan,
        [(unit, masked_samples)],
        lambda _, result: results.append(result),
        _count,
        overlapped=plan.device != "cpu",
    )
    return results[0]


def _count(samples: int) -> None:
    with _Worker.counter.get_lock():
        _Worker.counter.value += samples
    if _Worker.stop.is_set():
        raise _Stopped
