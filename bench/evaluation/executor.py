"""Run shards in this process or in several; a shard is a pure function of its place in the plan."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from bench.evaluation import worker_status
from bench.evaluation.masked_samples import load_masked_sample, prefetch_masked_samples
from bench.evaluation.plan import Plan, resolve
from bench.evaluation.shard import Phases, run_shard
from bench.evaluation.suite import Suite
from bench.runtime.allocator import keep_freed_memory

__all__ = ["Unit", "run_here", "run_in_processes"]

Unit = tuple[int, int]
"""(index of a cell in the plan, shard)."""


def run_here(
    plan: Plan, units: Sequence[Unit], on_unit: Callable[[Unit, Phases], None], on_samples: Callable[[int], None]
) -> None:
    """Run the units one after another; calls `on_unit` after each, `on_samples` with the number of samples done."""
    items = [(plan.cells[cell].protocol, index) for cell, shard in units for index in plan.shards()[shard]]
    with prefetch_masked_samples(plan, items) as masked_samples:
        for unit in units:
            cell, shard = unit
            samples = islice(masked_samples, len(plan.shards()[shard]))
            on_unit(unit, run_shard(plan, plan.cells[cell], shard, samples, on_samples))


def run_in_processes(
    plan: Plan,
    units: Sequence[Unit],
    on_unit: Callable[[Unit, Phases], None],
    on_samples: Callable[[int], None],
    workers: int,
) -> None:
    """Run the units in `workers` processes, each of which resolves the suite for itself; raises what a unit raises."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    status = worker_status.create(context, workers)
    arguments = (plan.suite, plan.layout.out, plan.device, threads, status)
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=arguments) as pool:
        futures = {pool.submit(_run_unit, unit): unit for unit in units}
        try:
            for future in as_completed(futures):
                unit = futures[future]
                on_unit(unit, future.result())
                on_samples(len(plan.shards()[unit[1]]))
        except BrokenProcessPool:
            raise worker_status.killed(status) from None
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class _Worker:
    """What a worker process keeps between units."""

    plan: Plan


def _start_worker(suite: Suite, out: Path, device: str, threads: int, status: worker_status.WorkerStatus) -> None:
    import cv2
    import numba
    import torch

    worker_status.join(status)
    keep_freed_memory()
    torch.set_num_threads(threads)
    numba.set_num_threads(threads)
    cv2.setNumThreads(threads)
    _Worker.plan = resolve(suite, out, device)


def _run_unit(unit: Unit) -> Phases:
    plan, (cell, shard) = _Worker.plan, unit
    masked_samples = (load_masked_sample(plan, plan.cells[cell].protocol, index) for index in plan.shards()[shard])
    return run_shard(plan, plan.cells[cell], shard, masked_samples)
