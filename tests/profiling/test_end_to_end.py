from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bench.pictures import quantise
from bench.profiling.end_to_end import HostTimeline, ServicePath, Timeline, timeline_for
from bench.profiling.execution import Prepared, Subject, capture
from bench.profiling.inputs import make_batch
from bench.profiling.measure import Meter
from bench.profiling.reference_kernels import ReferenceKernels
from bench.profiling.sweep import Effort
from bench.records.end_to_end import PARTS
from bench.records.profile import Configuration, ProfileRecord
from bench.vocabulary import Batch, LabelSources, Prediction
from tests.profiling.toys import HERE

SIZE = 32, 48


class Ticks:
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self.counts = itertools.count()

    def __call__(self) -> float:
        return float(next(self.counts))


class Device(HostTimeline):
    """A device with a clock of its own, which begins three seconds after it was asked to and works two for a step."""

    def __init__(self) -> None:
        self.host, self.steps = 0.0, 0
        super().__init__(lambda: self.host)

    def mark(self) -> float:
        self.steps += 1
        return 1e6 + 2.0 * self.steps

    def wait(self) -> None:
        self.host += 3.0 + 2.0 * (self.steps - 1)


def path(timeline: Timeline, fill: Callable[[Batch], Prediction], batch: Batch | None = None) -> ServicePath:
    given = make_batch(*SIZE, 2, LabelSources()) if batch is None else batch
    return ServicePath(given, Prepared(lambda: fill(given), fill), lambda placed: placed, "cpu", timeline)


def gray(batch: Batch) -> Prediction:
    return Prediction(torch.full_like(batch.image, 0.5))


def test_the_parts_add_up_to_the_whole() -> None:
    wall, parts, _ = path(HostTimeline(Ticks()), gray).once()

    assert parts == dict.fromkeys(PARTS, 1.0) | {"queue": 2.0}
    assert wall == sum(parts.values()) == 9.0


def test_what_the_device_lets_the_host_wait_for_is_the_queue() -> None:
    device = Device()

    wall, parts, _ = path(device, gray).once()

    assert parts["queue"] == 3.0
    assert parts["inpaint"] == parts["host to device"] == 2.0
    assert wall == sum(parts.values()) == 13.0


def test_parts_of_a_real_clock_add_up_too() -> None:
    found = path(timeline_for("cpu"), gray).measure(4, 1e9, lambda: False)

    assert found is not None
    assert len(found.wall_s) == 4
    assert list(found.parts) == list(PARTS)
    sums = np.sum([found.parts[name] for name in PARTS], axis=0)
    assert sums == pytest.approx(found.wall_s, abs=1e-9)
    assert sum(found.split.values()) == pytest.approx(found.latency, rel=0.5)


def test_the_answers_are_the_fill_in_the_hole_and_the_picture_elsewhere() -> None:
    batch = make_batch(*SIZE, 2, LabelSources())
    seen: list[Batch] = []

    def fill(given: Batch) -> Prediction:
        seen.append(given)
        return gray(given)

    _, _, files = path(timeline_for("cpu"), fill, batch).once()

    pictures = np.stack([np.asarray(Image.open(io.BytesIO(file))) for file in files])
    hole = batch.hole.numpy()[:, 0]
    assert (pictures[hole] == 128).all()
    assert torch.equal(seen[0].hole, batch.hole)
    assert not seen[0].image.masked_select(batch.hole).any()
    given = quantise(seen[0].image).permute(0, 2, 3, 1).numpy()
    assert (pictures[~hole] == given[~hole]).all()
    assert np.abs(given[~hole] / 255 - batch.image.permute(0, 2, 3, 1).numpy()[~hole]).mean() < 0.05  # of JPEG


@pytest.mark.parametrize(("polls", "samples"), [(0, None), (2, None), (5, 3)])
def test_a_path_that_is_stopped_keeps_its_samples(polls: int, samples: int | None) -> None:
    count = itertools.count()

    found = path(timeline_for("cpu"), gray).measure(10, 1e9, lambda: next(count) >= polls)

    assert (None if found is None else len(found.wall_s)) == samples


def record_of(name: str, device: str = "cpu", **setting: Any) -> ProfileRecord:
    effort = Effort(samples=3, seconds=1e9, warmup_seconds=0.0, end_to_end=True)
    return Meter(Subject(name, device, HERE, capture), effort, lambda: False).measure(Configuration(*SIZE, **setting))


def test_a_record_holds_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReferenceKernels, "looks", lambda _: {"sum": (1.0, 1.0)})

    record = record_of("plain", batch_size=2)

    assert record.end_to_end is not None
    assert len(record.end_to_end.wall_s) == 3
    assert ProfileRecord.from_line(record.to_line()) == record
    assert replace(record, end_to_end=None) == ProfileRecord.from_line(replace(record, end_to_end=None).to_line())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("mode", ["eager", "cuda-graphs"])
def test_on_a_gpu_the_parts_add_up_and_the_copies_take_time(mode: str) -> None:
    found = record_of("learned", "cuda:0", batch_size=2, mode=mode).end_to_end

    assert found is not None
    sums = np.sum([found.parts[name] for name in PARTS], axis=0)
    assert sums == pytest.approx(found.wall_s, rel=0.05)
    assert min(found.parts["host to device"]) > 0
    assert min(found.parts["device to host"]) > 0
