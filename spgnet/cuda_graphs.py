"""The work on a batch recorded as one CUDA graph for each shape, and replayed.

A graph launches all kernels of a batch at once, so a small picture no longer waits for the host to launch them one by
one. Its kernels always read and write the same memory: arguments are copied in, results are copied out.

`GraphExecutor` decides what is recorded, kept and replayed; a `Recorder` does it. That of CUDA is `CudaRecorder`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from spgnet.arguments import is_capturing
from spgnet.fallback import warn_fallback
from spgnet.stages import PipelineNetworks, Tensors, Work, directly

__all__ = ["GRAPHS", "CudaRecorder", "GraphExecutor", "Recorder", "Recording", "Replay", "recorder_for"]

GRAPHS = 16
"""Graphs that a model keeps; the one that was not used for the longest time makes room for another."""

_WARM_UP = 3
"""Calls before the recording, in which libraries choose their kernels and compilers make theirs."""


class Replay(Protocol):
    """Recorded work."""

    def replay(self) -> None:
        """Do the work again, in the same memory."""


@dataclass(frozen=True)
class Recording:
    """Recorded work and its memory.

    Attributes:
        inputs: tensors that the work reads; None where it was given None.
        outputs: tensors that it writes; None where it gives None.
        graph: does the work.
    """

    inputs: Tensors
    outputs: Tensors
    graph: Any


class Recorder(Protocol):
    """Makes recordings on one device."""

    device: torch.device

    def record(self, work: Work, networks: PipelineNetworks, tensors: Tensors, other: Recording | None) -> Recording:
        """Record the work on tensors like these.

        Args:
            work: a step.
            networks: its first argument.
            tensors: its further arguments, which are only read.
            other: a recording whose memory the work may use as well, as the two never run at once.

        Raises:
            RuntimeError: the work cannot be recorded; nothing of the attempt is left.
        """

    def in_order(self) -> AbstractContextManager[None]:
        """Where recordings are replayed: one after another on the device, whatever stream each caller uses."""

    def release(self) -> None:
        """Give memory that nobody uses back to the device."""


class GraphExecutor:
    """Does the work on batches by replaying recordings; calls of several threads run one after another.

    The work is done without a recording, with an AccelerationWarning once for each shape, where it cannot be recorded,
    for example for want of memory. It is done without one and without a warning while somebody else captures a graph,
    and under hooks of all modules or a dispatch mode, which are to see the modules and the operations.

    Args:
        recorder: makes the recordings.
        limit: recordings to keep.
    """

    def __init__(self, recorder: Recorder, limit: int) -> None:
        self._recorder, self._limit = recorder, limit
        self._lock = threading.Lock()
        self._recordings: OrderedDict[Hashable, Recording] = OrderedDict()
        self._refused: set[Hashable] = set()

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy has no recordings: they read the weights of the original."""
        return type(self), (self._recorder, self._limit)

    def __len__(self) -> int:
        """Recordings that are kept."""
        with self._lock:
            return len(self._recordings)

    def __call__(self, work: Work, networks: PipelineNetworks, *tensors: Tensor | None) -> Tensors:
        """What `work(networks, *tensors)` gives, in tensors of the caller's own."""
        given = [tensor for tensor in tensors if tensor is not None]
        if not (_is_observed() or any(map(is_capturing, given))):
            key = (work, networks, _arithmetic(self._recorder.device.type), tuple(map(_layout, tensors)))
            with self._lock:
                recording = self._find(key, work, networks, tensors)
                if recording is not None:
                    return self._replay(recording, tensors)
        return directly(work, networks, *tensors)

    def clear(self) -> None:
        """Forget all recordings, since weights have moved to other memory."""
        with self._lock:
            self._recordings.clear()
            self._refused.clear()

    def _find(self, key: Hashable, work: Work, networks: PipelineNetworks, tensors: Tensors) -> Recording | None:
        if key in self._recordings:
            self._recordings.move_to_end(key)
        elif key not in self._refused:
            elsewhere = {str(tensor.device) for tensor in tensors if tensor is not None} - {str(self._recorder.device)}
            reason = f"tensors on {', '.join(elsewhere)}" if elsewhere else self._record(key, work, networks, tensors)
            if reason:
                self._refused.add(key)
                warn_fallback("cuda_graph", tensors, reason)
        return self._recordings.get(key)

    def _record(self, key: Hashable, work: Work, networks: PipelineNetworks, tensors: Tensors) -> str:
        """Record the work; returns why that was not possible, or nothing."""
        while len(self._recordings) >= self._limit:
            self._recordings.popitem(last=False)
        reason, out_of_memory = self._try_to_record(key, work, networks, tensors)
        if out_of_memory and self._recordings:
            self._recordings.clear()
            self._recorder.release()
            reason, _ = self._try_to_record(key, work, networks, tensors)
        if reason:
            self._recorder.release()
        return reason

    def _try_to_record(
        self, key: Hashable, work: Work, networks: PipelineNetworks, tensors: Tensors
    ) -> tuple[str, bool]:
        other = next(reversed(self._recordings.values()), None)
        try:
            self._recordings[key] = self._recorder.record(work, networks, tensors, other)
        except RuntimeError as error:
            cause = _first_cause(error)
            lines = str(cause).strip().splitlines() or [type(cause).__name__]
            return lines[0].rstrip("."), isinstance(cause, torch.OutOfMemoryError)
        return "", False

    def _replay(self, recording: Recording, tensors: Tensors) -> Tensors:
        with self._recorder.in_order(), torch.no_grad():
            for own, given in zip(recording.inputs, tensors, strict=True):
                if own is not None and given is not None:
                    own.copy_(given)
            recording.graph.replay()
            return tuple(None if output is None else output.clone() for output in recording.outputs)


class CudaRecorder:
    """Records on a CUDA device.

    Args:
        device: the device, with its index.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call] # of torch
        self._done = torch.cuda.Event()  # type: ignore[no-untyped-call] # of torch

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy has a stream of its own."""
        return type(self), (self.device,)

    def record(self, work: Work, networks: PipelineNetworks, tensors: Tensors, other: Recording | None) -> Recording:
        """See Recorder."""
        pool = torch.cuda.graph_pool_handle() if other is None else other.graph.pool()
        graph = torch.cuda.CUDAGraph()
        # A recording made in inference mode could not be given new inputs outside it.
        with torch.inference_mode(mode=False), torch.no_grad(), self.in_order():
            caller = torch.cuda.current_stream()
            self._stream.wait_stream(caller)
            try:
                with torch.cuda.stream(self._stream):  # its memory is its own: nobody takes it while a replay reads it
                    inputs = tuple(map(_copy, tensors))
                    for _ in range(_WARM_UP):
                        directly(work, networks, *inputs)
                    # Errors of other threads, which may use the device meanwhile, are not this thread's.
                    with torch.cuda.graph(graph, pool, self._stream, capture_error_mode="thread_local"):
                        outputs = directly(work, networks, *inputs)
            except BaseException:
                self._abandon(graph, pool)
                raise
            finally:
                caller.wait_stream(self._stream)
        return Recording(inputs, outputs, graph)

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """See Recorder."""
        with torch.cuda.device(self.device):
            stream = torch.cuda.current_stream()
            stream.wait_event(self._done)
            try:
                yield
            finally:
                self._done.record(stream)

    def release(self) -> None:
        """See Recorder."""
        torch.cuda.empty_cache()

    def _abandon(self, graph: torch.cuda.CUDAGraph, pool: Any) -> None:
        """Undo a capture that could not be ended; torch leaves its memory pool and the random numbers in that state."""
        try:
            graph.pool()  # raises where no capture has been ended
        except RuntimeError:
            with suppress(RuntimeError):  # the first line raises where none has begun
                torch._C._cuda_endAllocateToPool(self.device.index, pool)
                torch._C._cuda_releasePool(self.device.index, pool)
                graph.reset()
                self._capture_something()

    def _capture_something(self) -> None:
        """A capture that ends well: after it, random numbers can be drawn outside captures again."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            torch.zeros(1, device=self.device)


def recorder_for(device: torch.device) -> Recorder:
    """The recorder of a device.

    Raises:
        ValueError: the device is no CUDA device.
    """
    if device.type != "cuda":
        raise ValueError(f"cuda_graph must be used on a CUDA device; found a model on {device}. Leave it out.")
    return CudaRecorder(device)


def _copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else torch.empty(tensor.shape, dtype=tensor.dtype, device=tensor.device).copy_(tensor)


def _layout(tensor: Tensor | None) -> Hashable:
    return None if tensor is None else (tensor.shape, tensor.dtype, tensor.device)


def _arithmetic(device_type: str) -> Hashable:
    """Settings of torch that decide which kernels are recorded."""
    cudnn: Any = torch.backends.cudnn
    return (
        torch.is_autocast_enabled(device_type) and torch.get_autocast_dtype(device_type),
        cudnn.conv.fp32_precision,
        torch.backends.cuda.matmul.fp32_precision,
        (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, torch.are_deterministic_algorithms_enabled()),
    )


def _is_observed() -> bool:
    """Whether hooks of all modules or a dispatch mode are to see what is computed, as those of a profiler are."""
    hooked: bool = torch.nn.modules.module._has_any_global_hook()  # type: ignore[no-untyped-call] # of torch
    return hooked or bool(torch._C._len_torch_dispatch_stack())


def _first_cause(error: RuntimeError) -> RuntimeError:
    """What first went wrong: an operation that fails a capture is followed by the failure to end the capture."""
    while isinstance(error.__context__, RuntimeError):
        error = error.__context__
    return error
