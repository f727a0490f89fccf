"""Times the path of a service: bytes of files -> pictures -> device -> model -> pictures -> bytes of files."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

from bench.pictures import composite, hide_pixels, png_bytes, quantise, to_float
from bench.profiling.execution import Prepared
from bench.records.end_to_end import COPIES, PARTS, QUEUE, EndToEnd
from bench.vocabulary import Batch

__all__ = ["HostTimeline", "ServicePath", "Timeline", "timeline_for"]

_JPEG_QUALITY = 95
_WARM_UP = 2


class Timeline(Protocol):
    """The host's clock, and points in the work of a device."""

    def now(self) -> float:
        """Seconds on the host's clock."""
        ...

    def mark(self) -> Any:
        """The point that the device's stream reaches after all work so far."""
        ...

    def wait(self) -> None:
        """Wait until the device has reached every point."""
        ...

    def between(self, first: Any, last: Any) -> float:
        """Seconds from one point to another one."""
        ...


class HostTimeline:
    """For devices without events, above all the CPU, where a call returns when its work is done.

    Args:
        now: seconds of a monotonic clock.
        synchronize: waits for the device.
    """

    def __init__(
        self, now: Callable[[], float] = time.perf_counter, synchronize: Callable[[], object] = lambda: None
    ) -> None:
        self._now, self._synchronize = now, synchronize

    def now(self) -> float:
        """Seconds on the host's clock."""
        return self._now()

    def mark(self) -> float:
        """The host's clock when all work so far is done."""
        self._synchronize()
        return self._now()

    def wait(self) -> None:
        """Wait until all work so far is done."""
        self._synchronize()

    def between(self, first: float, last: float) -> float:
        """Seconds from one point to another one."""
        return last - first


class _CudaTimeline:
    """Events on the current stream of a device."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def now(self) -> float:
        return time.perf_counter()

    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # of torch
        event.record(torch.cuda.current_stream(self._device))
        return event

    def wait(self) -> None:
        torch.cuda.synchronize(self._device)

    def between(self, first: torch.cuda.Event, last: torch.cuda.Event) -> float:
        return float(first.elapsed_time(last)) / 1e3


def timeline_for(device: str) -> Timeline:
    """The timeline of a torch device."""
    kind = torch.device(device).type
    if kind == "cuda":
        return _CudaTimeline(torch.device(device))
    return HostTimeline() if kind == "cpu" else HostTimeline(synchronize=torch.accelerator.synchronize)


@dataclass(frozen=True)
class _Files:
    """The bytes of one sample: its picture as JPEG, its hole as PNG."""

    picture: bytes
    hole: bytes


class ServicePath:
    """The path of one batch through a model that is prepared for its shape.

    Args:
        batch: what the files hold; label maps, where a model is given true ones, are copied to the device as they are.
        prepared: the model.
        place: brings a batch into the memory format of the model.
        device: torch device of the model's batches.
        timeline: of the device that the model works on.
    """

    def __init__(
        self,
        batch: Batch,
        prepared: Prepared,
        place: Callable[[Batch], Batch],
        device: str,
        timeline: Timeline,
    ) -> None:
        self._batch, self._prepared, self._place = batch, prepared, place
        self._device, self._timeline = device, timeline
        self._files = [
            _Files(_jpeg_bytes(picture), png_bytes(hole[0]))
            for picture, hole in zip(_rows(quantise(batch.image)), batch.hole.numpy(), strict=True)
        ]
        count, _, height, width = batch.image.shape
        pinned = torch.device(device).type == "cuda"
        self._pictures = torch.empty(count, height, width, 3, dtype=torch.uint8, pin_memory=pinned)
        self._holes = torch.empty(count, 1, height, width, dtype=torch.bool, pin_memory=pinned)
        self._answers = torch.empty_like(self._pictures, pin_memory=pinned)

    def measure(self, samples: int, seconds: float, stopped: Callable[[], bool]) -> EndToEnd | None:
        """Send the batch through until there are enough samples or the time is up; None without a sample."""
        walls: list[float] = []
        parts: dict[str, list[float]] = {name: [] for name in PARTS}
        end = time.monotonic() + seconds
        for turn in range(samples + _WARM_UP):
            if stopped() or (len(walls) >= 1 and time.monotonic() > end):
                break
            wall, taken, _ = self.once()
            if turn >= _WARM_UP:
                walls.append(wall)
                for name in PARTS:
                    parts[name].append(taken[name])
        return EndToEnd(tuple(walls), {name: tuple(values) for name, values in parts.items()}) if walls else None

    def once(self) -> tuple[float, dict[str, float], list[bytes]]:
        """Seconds of the batch, of each part, and the PNG files of the answer."""
        timeline = self._timeline
        start = timeline.now()
        self._decode()
        decoded = timeline.now()
        marks = [timeline.mark()]
        work: Any = None
        for step in (self._upload, self._hide, self._inpaint, self._quantise, self._download):
            work = step(work)
            marks.append(timeline.mark())
        timeline.wait()
        done = timeline.now()
        answers = [png_bytes(picture) for picture in self._answers.numpy()]
        end = timeline.now()
        steps = [timeline.between(first, last) for first, last in pairwise(marks)]
        names = (COPIES[0], "hide", "inpaint", "quantise", COPIES[1])
        taken = {"decode": decoded - start, **dict(zip(names, steps, strict=True)), "encode": end - done}
        taken[QUEUE] = max(0.0, done - decoded - sum(steps))  # two clocks may differ by microseconds
        return end - start, taken, answers

    def _decode(self) -> None:
        pictures, holes = self._pictures.numpy(), self._holes.numpy()
        for index, files in enumerate(self._files):
            pictures[index] = np.asarray(Image.open(io.BytesIO(files.picture)).convert("RGB"))
            holes[index, 0] = np.asarray(Image.open(io.BytesIO(files.hole)).convert("L")) > 0

    def _upload(self, _: None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Pictures uint8 [N, H, W, 3], holes bool [N, 1, H, W] and label maps on the device."""
        pictures, holes = (one.to(self._device, non_blocking=True) for one in (self._pictures, self._holes))
        labels = self._batch.labels
        return pictures, holes, None if labels is None else labels.to(self._device, non_blocking=True)

    def _hide(self, given: tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]) -> tuple[Batch, torch.Tensor]:
        """The batch of the model, and the given pictures, uint8 [N, 3, H, W]."""
        pictures, hole, labels = given
        known = pictures.permute(0, 3, 1, 2)
        image = hide_pixels(to_float(known), hole)
        return self._place(replace(self._batch, image=image, hole=hole, labels=labels)), known

    def _inpaint(self, given: tuple[Batch, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        batch, known = given
        return self._prepared.fill(batch).image, known, batch.hole

    def _quantise(self, found: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """The answers, uint8 [N, H, W, 3]."""
        image, known, hole = found
        filled = composite(quantise(image), known.to(image.device), hole.to(image.device))
        return filled.permute(0, 2, 3, 1).contiguous()

    def _download(self, filled: torch.Tensor) -> None:
        self._answers.copy_(filled, non_blocking=True)


def _jpeg_bytes(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def _rows(pictures: torch.Tensor) -> Sequence[np.ndarray]:
    return list(pictures.permute(0, 2, 3, 1).contiguous().numpy())
