"""Recordings on a processor: a replay does the work again and writes into the recording's own tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from spgnet.cuda_graphs import Recording
from spgnet.stages import PipelineNetworks, Tensors, Work, directly

__all__ = ["HostRecorder", "HostReplay"]


@dataclass(frozen=True)
class HostReplay:
    """Work on tensors that stay the same."""

    work: Callable[[], Tensors]
    outputs: Tensors

    def replay(self) -> None:
        """Do the work again."""
        with torch.inference_mode(mode=False):
            for own, result in zip(self.outputs, self.work(), strict=True):
                if own is not None and result is not None:
                    own.copy_(result)


class HostRecorder:
    """Records on the processor.

    Args:
        fails: called with the tensors before each recording, to raise what a recording may raise.

    Attributes:
        recorded: shapes of the first tensor, one for each recording.
        released: how often memory was given back.
        shared: for each recording, whether it used the memory of another one.
    """

    device = torch.device("cpu")

    def __init__(self, fails: Callable[[Tensors], None] | None = None) -> None:
        self._fails = fails
        self.recorded: list[tuple[int, ...]] = []
        self.shared: list[bool] = []
        self.released = 0

    def record(self, work: Work, networks: PipelineNetworks, tensors: Tensors, other: Recording | None) -> Recording:
        """See spgnet.cuda_graphs.Recorder."""
        with torch.inference_mode(mode=False), torch.no_grad():
            if self._fails is not None:
                self._fails(tensors)
            inputs = tuple(None if tensor is None else tensor.clone() for tensor in tensors)
            outputs = directly(work, networks, *inputs)
        self.recorded.append(next(tuple(tensor.shape) for tensor in tensors if tensor is not None))
        self.shared.append(other is not None)
        return Recording(inputs, outputs, HostReplay(lambda: directly(work, networks, *inputs), outputs))

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """See spgnet.cuda_graphs.Recorder."""
        yield

    def release(self) -> None:
        """See spgnet.cuda_graphs.Recorder."""
        self.released += 1
