"""Functions in processes of their own, which start fast: torch is imported once for all of them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["bench.training.trainer", "tests.training.toys"])


def run_apart(function: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> list[int | None]:
    """Run `function` once in a process for each tuple of arguments, all at the same time; returns exit codes.

    Raises TimeoutError when a process hangs: an end by the time limit never looks like a kill that a test intends.
    """
    processes = [_CONTEXT.Process(target=function, args=given, daemon=True) for given in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=600)
    hanging = [process for process in processes if process.is_alive()]
    for process in hanging:
        process.kill()
        process.join()
    if hanging:
        raise TimeoutError(f"{len(hanging)} of {len(processes)} processes did not end in 600 s")
    return [process.exitcode for process in processes]
