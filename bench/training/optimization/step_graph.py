"""A training step that is recorded once and then replayed: by a CUDA graph, or on the CPU by a call."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch

from bench.runtime.synchronisations import synchronisations

__all__ = ["CalledGraph", "CudaGraph", "StepGraph", "Work", "step_graph"]

Work: TypeAlias = Callable[[], None]


class StepGraph(Protocol):
    """Records the work of a step. The work reads and writes tensors that stay where they are."""

    def rehearse(self, work: Work) -> str:
        """Do the work; returns why it could not be recorded, empty if nothing is known against it."""
        ...

    def capture(self, work: Work) -> None:
        """Record the work without doing it; raises RuntimeError where that fails, and another try is possible."""
        ...

    def replay(self) -> None:
        """Do the recorded work."""
        ...


def step_graph(device: torch.device) -> StepGraph:
    """The means of a device."""
    return CudaGraph(device) if device.type == "cuda" else CalledGraph()


class CalledGraph:
    """Calls the work again in place of a replay: for the CPU, where a graph would save nothing."""

    def __init__(self) -> None:
        self._work: Work | None = None

    def rehearse(self, work: Work) -> str:
        """As of StepGraph."""
        states = _host_states()
        work()
        return _DRAWS if _host_states() != states else ""

    def capture(self, work: Work) -> None:
        """As of StepGraph."""
        self._work = work

    def replay(self) -> None:
        """As of StepGraph."""
        assert self._work is not None  # noqa: S101 (captured before)
        self._work()


class CudaGraph:
    """A `torch.cuda.CUDAGraph`.

    Random numbers: the graph holds only their offsets within the step; seed and first offset are read at each replay
    from the device's generator, as `torch.manual_seed` left it. So they are those of the same step without a graph.

    Args:
        device: a GPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call] # torch
        self._graph: torch.cuda.CUDAGraph | None = None

    def rehearse(self, work: Work) -> str:
        """As of StepGraph; on the stream of the capture, so that libraries have set up their memory for it."""
        states = *_host_states(), torch.get_rng_state().numpy().tobytes()
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with synchronisations() as places, torch.cuda.stream(self._stream):
            work()
        current.wait_stream(self._stream)
        if (*_host_states(), torch.get_rng_state().numpy().tobytes()) != states:
            return _DRAWS
        return f"its step waits for the GPU in {places[0]}" if places else ""

    def capture(self, work: Work) -> None:
        """As of StepGraph."""
        torch.cuda.synchronize(self._device)
        gc.collect()
        torch.cuda.empty_cache()
        graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
        with torch.cuda.stream(self._stream):
            graph.capture_begin(pool, capture_error_mode="thread_local")  # the loader's thread goes on pinning memory
            try:
                work()
                graph.capture_end()
            except BaseException:
                _FAILED.append(graph)
                _end_failed_capture(graph, pool, self._device)
                raise
        self._graph = graph

    def replay(self) -> None:
        """As of StepGraph."""
        assert self._graph is not None  # noqa: S101 (captured before)
        self._graph.replay()


_DRAWS = "its step draws random numbers on the host, which a graph would repeat"

_FAILED: list[torch.cuda.CUDAGraph] = []
"""Graphs whose capture failed; they are never deleted, since torch's allocators may hold their addresses."""


def _end_failed_capture(graph: torch.cuda.CUDAGraph, pool: Any, device: torch.device) -> None:
    """Bring torch to where it was before a capture that failed: what CUDA calls off, torch only half ends."""
    with suppress(RuntimeError):
        graph.capture_end()
    with suppress(RuntimeError):  # it may have ended
        torch._C._cuda_endAllocateToPool(device.index, pool)
        torch._C._cuda_releasePool(device.index, pool)
    generator = torch.cuda.default_generators[device.index]
    generator.graphsafe_set_state(generator.clone_state())  # a copy is not in a capture
    torch.cuda.synchronize(device)


def _host_states() -> tuple[object, ...]:
    """The states of the generators of Python and NumPy."""
    name, words, position, *rest = np.random.get_state()  # noqa: NPY002 (recipes may use the global generator)
    return random.getstate(), name, bytes(np.asarray(words).data), position, *rest
