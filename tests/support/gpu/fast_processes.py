"""Measuring processes that start in a moment, and kernels that are compiled before the measurement."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import forkserver
from unittest import mock

import torch

from bench.profiling.execution import Subject
from bench.profiling.inputs import make_batch

__all__ = ["call_once", "compile_kernels", "processes_that_start_fast"]


@contextmanager
def processes_that_start_fast(modules: Sequence[str]) -> Iterator[None]:
    """Inside, processes are forks of a server that has imported the modules, once for all; they must not use CUDA.

    On a GPU machine the imports of a process take longer than to measure two lines. A process on the CPU is to be
    measured without what others have imported, since its memory counts.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    forkserver.ensure_running()
    with mock.patch("multiprocessing.get_context", return_value=context):
        yield


def compile_kernels(models: Mapping[str, str], device: str, seconds: float = 60) -> str:
    """Let Triton compile the kernels of all models at the same time; later processes find them on the disk.

    A model that fails fails again, and says so, when it is measured.

    Args:
        models: names of the catalogue by those of their rows.
        device: torch device.
        seconds: after which processes are ended.

    Returns:
        A line with the seconds that it took.
    """
    begun = time.monotonic()
    context = multiprocessing.get_context("forkserver")
    running = [context.Process(target=call_once, args=(model, device), daemon=True) for model in models.values()]
    for process in running:
        process.start()
    for process in running:
        process.join(max(0.0, begun + seconds - time.monotonic()))
        process.kill()
        process.join()
    codes = ", ".join(f"{name} (exit {process.exitcode})" for name, process in zip(models, running, strict=True))
    return f"loaded and called once, at the same time: {codes}: {time.monotonic() - begun:.1f} s"


def call_once(model: str, device: str) -> None:
    """Load a model and let it fill one picture."""
    subject = Subject(model, device)
    batch = make_batch(256, 256, 1, subject.model.label_sources)
    with torch.no_grad():
        subject.model.inpaint(replace(batch, image=batch.image.to(device), hole=batch.hole.to(device)))
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
