"""Processes that decode pictures and make batches."""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

__all__ = ["process_context", "start_process_server"]


def process_context() -> ForkServerContext:
    """Processes start as forks of a server that has imported torch once for all of them, and that never used CUDA.

    A fork of the training itself would copy torch's threads and locks.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.training.data.loading"])
    return context


def start_process_server() -> None:
    """Start the server without waiting for it, so that it imports torch while the training gets ready."""
    process_context()
    forkserver.ensure_running()
