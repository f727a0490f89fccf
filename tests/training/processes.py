"""Functions in processes of their own, which start fast: torch is imported once for all of them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["bench.training.trainer", "tests.training.toys"])


def run_apart(function: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> list[int | None]:
    """Run `function` once in a process for each tuple of arguments, all at the same time; returns exit codes."""
    processes = [_CONTEXT.Process(target=function, args=given, daemon=True) for given in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
        if process.is_alive():
            process.kill()
            process.join()
    return [process.exitcode for process in processes]
