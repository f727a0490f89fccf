"""Batches on the device: the next one travels there while the present one is trained on."""

from __future__ import annotations

import torch

from bench.training.data.batches import ByteBatch
from bench.training.data.loading import BatchLoader

__all__ = ["DeviceFeed"]


class DeviceFeed:
    """The batches of a loader on a device, in their order.

    Args:
        loader: of batches in host memory, page-locked for a GPU.
        device: where they are trained on.
    """

    def __init__(self, loader: BatchLoader, device: torch.device) -> None:
        self.loader = loader
        self._device = device
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call] # torch
        self._next: tuple[ByteBatch, torch.cuda.Event] | None = None

    @property
    def waited(self) -> float:
        """Seconds that the host has waited for the loader."""
        return self.loader.waited

    def fetch(self) -> None:
        """Start the next batch on its way; call it after the kernels of the present one are launched."""
        if self._stream is None or self._next is not None:
            return
        batch = next(self.loader)
        with torch.cuda.stream(self._stream):
            self._next = batch.to(self._device), self._stream.record_event()

    def take(self) -> ByteBatch:
        """The next batch; kernels that are launched from now on find it complete."""
        if self._stream is None:
            return next(self.loader)
        self.fetch()
        assert self._next is not None  # noqa: S101 (fetch has set it)
        batch, arrived = self._next
        self._next = None
        current = torch.cuda.current_stream(self._device)
        current.wait_event(arrived)
        for tensor in batch.tensors():
            tensor.record_stream(current)  # its memory was taken on the other stream
        return batch
