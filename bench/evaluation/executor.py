"""Run shards in this process or in several. A shard is a pure function of its place in the plan."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice
from pathlib import Path

from bench.allocator import keep_freed_memory
from bench.evaluation.cutting import cut, cut_ahead
from bench.evaluation.plan import Plan, resolve
from bench.evaluation.shard import Phases, run_shard
from bench.evaluation.suite import Suite

__all__ = ["Unit", "run_here", "run_in_processes"]

Unit = tuple[int, int]
"""(index of a cell in the plan, shard)."""


def run_here(
    plan: Plan, units: Sequence[Unit], done: Callable[[Unit, Phases], None], advance: Callable[[int], None]
) -> None:
    """Run the units one after another; `advance` hears of samples as they are done, `done` of units."""
    places = [(plan.cells[cell].protocol, index) for cell, shard in units for index in plan.shards()[shard]]
    with cut_ahead(plan, places) as cuts:
        for unit in units:
            cell, shard = unit
            its_own = islice(cuts, len(plan.shards()[shard]))
            done(unit, run_shard(plan, plan.cells[cell], shard, its_own, advance))


def run_in_processes(
    plan: Plan,
    units: Sequence[Unit],
    done: Callable[[Unit, Phases], None],
    advance: Callable[[int], None],
    workers: int,
) -> None:
    """Run the units in `workers` processes, each of which resolves the suite for itself; raises what a unit raises."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    arguments = (plan.suite, plan.layout.out, plan.device, threads)
    with ProcessPoolExecutor(workers, context, initializer=_open, initargs=arguments) as pool:
        futures = {pool.submit(_run, unit): unit for unit in units}
        try:
            for future in as_completed(futures):
                unit = futures[future]
                done(unit, future.result())
                advance(len(plan.shards()[unit[1]]))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class _Worker:
    """What a worker process keeps between units."""

    plan: Plan


def _open(suite: Suite, out: Path, device: str, threads: int) -> None:
    import cv2
    import numba
    import torch

    keep_freed_memory()
    torch.set_num_threads(threads)
    numba.set_num_threads(threads)
    cv2.setNumThreads(threads)
    _Worker.plan = resolve(suite, out, device)


def _run(unit: Unit) -> Phases:
    plan, (cell, shard) = _Worker.plan, unit
    cuts = (cut(plan, plan.cells[cell].protocol, index) for index in plan.shards()[shard])
    return run_shard(plan, plan.cells[cell], shard, cuts)
