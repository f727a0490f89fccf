"""Measures one configuration of one model; the result is always a record, also after an error."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from bench.models.instrumentation import graph_counts
from bench.pictures import check_picture
from bench.profiling import nvml
from bench.profiling.clock import clock_for, warm_up
from bench.profiling.contention import MachineWatch
from bench.profiling.end_to_end import ServicePath, timeline_for
from bench.profiling.environment import environment, machine_state
from bench.profiling.execution import NotCapturable, Prepared, Subject, memory_format_of, precision_context
from bench.profiling.inputs import make_batch
from bench.profiling.inspection import Inspection, inspect, reset, unsupported_reason
from bench.profiling.memory import is_out_of_memory, peak_memory, release
from bench.profiling.reference_kernels import LookBook, ReferenceKernels, seconds
from bench.profiling.roofline import MachineRates
from bench.profiling.sweep import Effort
from bench.records.end_to_end import EndToEnd
from bench.records.profile import Configuration, ProfileOutcome, ProfileRecord
from bench.records.steadiness import binding_kernels
from bench.vocabulary import Batch, Prediction

__all__ = ["Meter", "reason_of"]

_MIN_SAMPLES = 3
_MAX_REASON_LENGTH = 400

Call = Callable[[], Prediction]


@dataclass(frozen=True)
class _Shape:
    """The batch of one resolution and batch size, and what one call of the model on it shows."""

    batch: Batch
    inspection: Inspection


class Meter:
    """Measures one model.

    Args:
        subject: the model.
        effort: how long to measure.
        stopped: called between calls; True ends the measurement and keeps the samples so far.
        watch: sees whether the machine is quiet; None for that of the system.
    """

    def __init__(
        self, subject: Subject, effort: Effort, stopped: Callable[[], bool], watch: MachineWatch | None = None
    ) -> None:
        self._subject, self._effort, self._stopped = subject, effort, stopped
        self._device = subject.device
        self._clock = clock_for(self._device)
        self._facts = environment(self._device)
        self._watch = watch or MachineWatch(self._facts)
        on_cpu = torch.device(self._device).type == "cpu"
        self._looks = LookBook(ReferenceKernels(self._device), on_cpu=on_cpu)
        self._machine = MachineRates(self._device)
        self._shapes: dict[tuple[int, int, int], _Shape | Exception] = {}

    def measure(self, configuration: Configuration) -> ProfileRecord:
        """The record of a configuration; its status says whether it was measured."""
        model = self._subject.model
        name = self._facts["device_name"]
        record = ProfileRecord(model.name, model.fingerprint, self._device, name, configuration, "ok")
        try:
            shape = self._shape(configuration)
            unsupported = unsupported_reason(configuration, self._device, has_networks=bool(shape.inspection.networks))
            if unsupported:
                return replace(record, status="unsupported", reason=unsupported, environment=self._facts)
            return self._between_references(record, shape)
        except NotCapturable as error:
            self._release()
            return replace(record, status="unsupported", reason=shortened(str(error)), environment=self._facts)
        except Exception as error:  # noqa: BLE001 (a model, a compiler or a device may raise anything; it is recorded)
            self._release()
            status: ProfileOutcome = "out-of-memory" if is_out_of_memory(error) else "failed"
            return replace(record, status=status, reason=reason_of(error), environment=self._facts)

    def _release(self) -> None:
        """Free memory after a failure, unless torch's allocator believes that a failed capture still goes on."""
        if not self._subject.broken:
            release()

    def _between_references(self, record: ProfileRecord, shape: _Shape) -> ProfileRecord:
        before = machine_state(self._device)
        self._watch.begin()
        self._looks.before()
        start = time.monotonic()
        record = self._measured(record, shape)
        release()
        looks = self._looks.after(binding_kernels(record.busy_share), seconds=(time.monotonic() - start) / 2)
        references = {name: look.medians for name, look in looks.items()}
        contention = self._watch.end({name: min(times) for name, times in references.items()}, self._looks.waited)
        state = {"before": before, "after": machine_state(self._device), "contention": contention.as_json()}
        return replace(record, references=references, looks=looks, environment={**self._facts, **state})

    def _measured(self, record: ProfileRecord, shape: _Shape) -> ProfileRecord:
        configuration, inspection = record.configuration, shape.inspection
        record = replace(record, parameters=inspection.parameters, flops=inspection.flops)
        if configuration.mode == "compile":
            graphs, breaks = graph_counts(inspection.calls)
            record = replace(record, graphs=graphs, graph_breaks=breaks)
        reset(self._subject)
        with precision_context(configuration.precision, self._device, autocast=False):
            with peak_memory(self._device) as peak:  # a captured call takes its memory when it is captured
                start = time.perf_counter()
                call = self._subject.prepare(configuration, shape.batch)
                record = self._timed(record, call, shape, prepared_s=time.perf_counter() - start)
            record, stages = replace(record, peak_memory=peak), {}
            if record.status == "ok":
                stages = self._subject.stages(configuration, shape.batch)
                record = replace(record, stages=self._stages(stages))
            if record.device_s:
                record = replace(record, busy_s=self._busy(call, record, stages))
            if record.status == "ok" and self._effort.end_to_end:
                record = replace(record, end_to_end=self._end_to_end(configuration, shape.batch, call))
        if inspection.flops and record.measured:
            with contextlib.suppress(torch.OutOfMemoryError):  # captured graphs may fill a device; their times stand
                bound = self._machine.bound(inspection.convolutions, inspection.flops, configuration.precision)
                record = replace(record, bound=bound)
        return record

    def _shape(self, configuration: Configuration) -> _Shape:
        key = configuration.height, configuration.width, configuration.batch_size
        if key not in self._shapes:
            self._shapes.clear()  # the sweep goes shape by shape, so the batch of the last one is not needed
            try:
                batch = make_batch(*key, self._subject.model.label_sources)
                self._shapes[key] = _Shape(batch, inspect(self._subject, batch))
            except Exception as error:  # noqa: BLE001 (as in `measure`; the other settings of this shape fail alike)
                self._shapes[key] = error
        found = self._shapes[key]
        if isinstance(found, Exception):
            raise found
        return found

    def _timed(self, record: ProfileRecord, call: Call, shape: _Shape, prepared_s: float) -> ProfileRecord:
        first = self._clock.time(call)
        first_s = first.wall + (prepared_s if record.configuration.mode == "cuda-graphs" else 0.0)
        check_picture(first.result.image, shape.batch.image.shape)
        change = _change(first.result.image, shape.inspection.picture)
        plain = record.configuration.setting == "fp32 eager"
        record = replace(
            record,
            first_call_s=shape.inspection.first_call_s if plain else first_s,
            output_change=None if plain else change,
        )
        warmup = warm_up(
            lambda: self._clock.time(call).wall, seconds=self._effort.warmup_seconds, stopped=self._stopped
        )
        energy_before = nvml.energy(self._device)
        wall, device = self._samples(call)
        energy_after = nvml.energy(self._device)
        record = replace(record, warmup_s=tuple(warmup), wall_s=tuple(wall), device_s=tuple(device))
        if energy_before is not None and energy_after is not None and wall:
            record = replace(record, energy_j=(energy_after - energy_before) / len(wall))
        if record.configuration.mode != "eager" and wall:
            record = replace(record, compile_s=max(0.0, first_s - statistics.median(wall)))
        return replace(record, status="partial", reason="stopped") if self._stopped() else record

    def _samples(self, call: Call) -> tuple[list[float], list[float]]:
        """Seconds on the host's clock and on the device, as many as there is time for."""
        wall: list[float] = []
        device: list[float] = []
        end = time.monotonic() + self._effort.seconds
        while len(wall) < self._effort.samples and not self._stopped():
            if len(wall) >= _MIN_SAMPLES and time.monotonic() > end:
                break
            timed = self._clock.time(call)
            wall.append(timed.wall)
            device += [] if timed.device is None else [timed.device]
        return wall, device

    def _busy(self, call: Call, record: ProfileRecord, stages: Mapping[str, Callable[[], object]]) -> tuple[float, ...]:
        """Seconds that the device works for a few calls; energy and samples are taken before.

        A call that waits for the device before its first kernel, as one that checks values does, cannot be queued
        whole, and the device then waits for every launch. Its stages can: where their sum is less, it counts.
        """
        wait = 2 * statistics.median(record.wall_s)
        whole = [self._clock.busy(call, wait) for _ in range(_MIN_SAMPLES)]
        waits = {name: 2 * statistics.median(taken) for name, taken in record.stages.items() if taken}
        parts = [self._clock.busy(stages[name], wait) for name, wait in waits.items()]
        least = sum(part for part in parts if part is not None) if parts else math.inf
        return tuple(min(second, least) for second in whole if second is not None)

    def _stages(self, stages: Mapping[str, Callable[[], object]]) -> dict[str, tuple[float, ...]]:
        """Seconds of each stage, timed in rounds over all stages; the first round is a warm-up."""
        taken: dict[str, list[float]] = {name: [] for name in stages}
        end = time.monotonic() + self._effort.seconds
        for turn in range(self._effort.samples + 1 if stages else 0):
            if self._stopped() or (turn > _MIN_SAMPLES and time.monotonic() > end):
                break
            for name, stage in stages.items():
                taken[name].append(seconds(self._clock, stage))
        return {name: tuple(values[1:]) for name, values in taken.items()}

    def _end_to_end(self, configuration: Configuration, batch: Batch, prepared: Prepared) -> EndToEnd | None:
        subject, memory_format = self._subject, memory_format_of(configuration)
        device = self._device if subject.networks else "cpu"
        timeline = timeline_for(self._device)
        path = ServicePath(batch, prepared, lambda placed: subject.place(placed, memory_format), device, timeline)
        return path.measure(self._effort.samples, self._effort.seconds, self._stopped)


def reason_of(error: BaseException) -> str:
    """One line for a record: the type of the error, and the first line of its message."""
    text: Any = str(error).strip().splitlines()
    return shortened(f"{type(error).__name__}: {text[0] if text else ''}")


def shortened(reason: str) -> str:
    """The reason, cut to what a record holds."""
    return reason[:_MAX_REASON_LENGTH]


def _change(image: torch.Tensor, plain: torch.Tensor | None) -> dict[str, float] | None:
    if plain is None:
        return None
    difference = (image.detach().to("cpu", torch.float32) - plain).abs()
    return {"max": float(difference.max()), "mean": float(difference.mean())}
