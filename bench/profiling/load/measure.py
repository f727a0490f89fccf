"""Tests one scenario of one configuration of one model; the result is always a record, also after an error."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from bench.pictures import check_picture
from bench.profiling.clock import warm_up
from bench.profiling.contention import MachineWatch
from bench.profiling.environment import environment, machine_state
from bench.profiling.execution import Subject, precision_context
from bench.profiling.inputs import make_batch
from bench.profiling.inspection import inspect, reset, unsupported_reason
from bench.profiling.load.plan import LoadPlan
from bench.profiling.load.queries import HostClock
from bench.profiling.load.service import ModelService
from bench.profiling.load.trials import Trials
from bench.profiling.measure import reason_of
from bench.profiling.memory import is_out_of_memory, release
from bench.profiling.reference_kernels import LookBook, ReferenceKernels
from bench.records.load import PERCENTS, LoadRecord, Scenario
from bench.records.profile import Configuration, ProfileOutcome
from bench.records.steadiness import binding_kernels

__all__ = ["LoadMeter"]

_PICTURES = 4
_FIRST_CALLS = 3
_CALLS = 10  # timed before the trials, of one picture and of a full batch
_MARGIN = 1.25  # the search begins so far above the measured capacity: a trial finds out, not an estimate


class LoadMeter:
    """Tests one model.

    Args:
        subject: the model.
        plan: of the test.
        stopped: called between calls; True ends the test and keeps the trials so far.
        on_progress: called with the record so far, after every trial.
        watch: sees whether the machine is quiet; None for that of the system.
    """

    def __init__(
        self,
        subject: Subject,
        plan: LoadPlan,
        stopped: Callable[[], bool],
        on_progress: Callable[[LoadRecord], None] = lambda _: None,
        watch: MachineWatch | None = None,
    ) -> None:
        self._subject, self._plan, self._stopped, self._on_progress = subject, plan, stopped, on_progress
        self._device = subject.device
        self._facts = environment(self._device)
        self._watch = watch or MachineWatch(self._facts)
        on_cpu = torch.device(self._device).type == "cpu"
        self._looks = LookBook(ReferenceKernels(self._device), on_cpu=on_cpu)

    def measure(self, scenario: Scenario, configuration: Configuration) -> LoadRecord:
        """The record of a scenario; after an error with the trials that were made before it."""
        model, server = self._subject.model, scenario == "server"
        record = LoadRecord(
            model.name,
            model.fingerprint,
            self._device,
            self._facts["device_name"],
            configuration,
            scenario,
            "ok",
            percent=PERCENTS[scenario],
            budget_s=self._plan.budget_s if server else None,
            asked_rate=self._plan.rate if server else None,
            environment=self._facts,
        )
        self._made = record
        try:
            return self._between_references(record)
        except Exception as error:  # noqa: BLE001 (a model, a compiler or a device may raise anything; it is recorded)
            release()
            status: ProfileOutcome = "out-of-memory" if is_out_of_memory(error) else "failed"
            return replace(self._made, status=status, reason=reason_of(error))

    def _between_references(self, record: LoadRecord) -> LoadRecord:
        before = machine_state(self._device)
        self._watch.begin()
        self._looks.before()
        start = time.monotonic()
        record = self._tested(record)
        release()
        looks = self._looks.after(binding_kernels(None), seconds=(time.monotonic() - start) / 2)
        references = {name: look.medians for name, look in looks.items()}
        contention = self._watch.end({name: min(times) for name, times in references.items()}, self._looks.waited)
        state = {"before": before, "after": machine_state(self._device), "contention": contention.as_json()}
        return replace(record, references=references, looks=looks, environment={**self._facts, **state})

    def _tested(self, record: LoadRecord) -> LoadRecord:
        configuration = record.configuration
        size = configuration.height, configuration.width
        one = make_batch(*size, 1, self._subject.model.label_sources)
        shown = inspect(self._subject, one)
        reason = unsupported_reason(configuration, self._device, has_networks=bool(shown.networks))
        if configuration.mode == "cuda-graphs":
            reason = reason or "a captured graph has one batch size, and a service has many"
        if reason:
            return replace(record, status="unsupported", reason=reason)
        reset(self._subject)
        self._subject.prepare(configuration, one)
        if configuration.mode == "compile":  # a shape for each batch size: above the limit Dynamo runs eagerly
            _allow_shapes(configuration.batch_size)
        pictures = make_batch(*size, _PICTURES, self._subject.model.label_sources)
        service = ModelService(self._subject, configuration, pictures)
        with precision_context(configuration.precision, self._device, autocast=False):
            return self._in_scenario(record, service)

    def _in_scenario(self, record: LoadRecord, service: ModelService) -> LoadRecord:
        batch, scenario = record.configuration.batch_size, record.scenario
        record = replace(record, call_s=self._calls(service, 1))
        full = self._calls(service, batch) if batch > 1 else record.call_s
        if scenario == "server":
            for size in range(2, batch):  # the first calls of a size may plan, allocate, compile or capture
                for _ in range(_FIRST_CALLS):
                    self._call(service, size)

        gc.collect()
        gc.freeze()  # as services do when all is loaded: a full collection scans the libraries for a tenth of a second

        def keep(_: object) -> None:
            self._made = replace(record, trials=tuple(trials.made))
            self._on_progress(self._made)

        trials = Trials(service, HostClock(), self._plan, self._stopped, keep)
        budget, median = record.budget_s, statistics.median(record.call_s or (0.0,))
        if budget is not None and median > budget:
            reason = f"no rate is held: one call takes {1e3 * median:.3g} ms, and the budget is {1e3 * budget:.3g} ms"
            return replace(record, reason=reason)
        if scenario == "server" and full:
            trials.server(batch, _MARGIN * batch / statistics.median(full), record.percent)
        elif scenario != "server":
            trials.streams(scenario, batch)
        record = replace(record, trials=tuple(trials.made))
        if self._stopped() and (not trials.made or trials.made[-1].ended == "stopped"):
            return replace(record, status="partial" if record.measured else "not-run")
        return replace(record, reason="" if record.result else record.verdict)

    def _calls(self, service: ModelService, size: int) -> tuple[float, ...]:
        """Seconds of warm calls of so many pictures; the first picture is checked."""
        first = service.answer(_numbers(service, size))
        check_picture(first, first.shape)
        warm_up(
            lambda: self._call(service, size), seconds=max(1.0, self._plan.seconds / 2), stopped=self._stopped, most=50
        )
        return tuple(self._call(service, size) for _ in range(_CALLS) if not self._stopped())

    def _call(self, service: ModelService, size: int) -> float:
        start = time.perf_counter()
        service.answer(_numbers(service, size))
        return time.perf_counter() - start


def _allow_shapes(count: int) -> None:
    import torch._dynamo.config as dynamo

    dynamo.recompile_limit = max(dynamo.recompile_limit, 4 * count)


def _numbers(service: ModelService, size: int) -> np.ndarray:
    return np.arange(size, dtype=np.int64) % service.pictures
