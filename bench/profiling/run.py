"""`profile`: measures each model in its own process, writes every record at once, and ends at a budget or Ctrl-C."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bench.profiling.environment import device_name, environment, machine_state
from bench.profiling.execution import CATALOGUE
from bench.profiling.inputs import INPUT
from bench.profiling.interrupts import Interrupts
from bench.profiling.processes import GRACE, POLL, end_of, measure_in_process
from bench.profiling.sweep import Effort, Sweep
from bench.profiling.worker import Broken, Done, Job, Loaded, NotLoaded, work
from bench.records import locked
from bench.records.profile import (
    Configuration,
    Profile,
    ProfileLayout,
    ProfileOutcome,
    ProfileRecord,
    read_profile,
    read_records,
    write_environment,
    write_records,
)
from bench.runtime.device import resolve_device

__all__ = ["profile"]


@dataclass
class _ProfileRun:
    """The state of one `profile` call."""

    layout: ProfileLayout
    device: str
    effort: Effort
    load: str
    on_record: Callable[[ProfileRecord], None]
    start: float = field(default_factory=time.monotonic)
    facts: dict[str, Any] = field(default_factory=dict)
    interrupts: Interrupts = field(default_factory=Interrupts)

    def left(self) -> float | None:
        """Seconds of the budget, or None without one."""
        return None if self.effort.budget is None else self.effort.budget - (time.monotonic() - self.start)

    @property
    def interrupted(self) -> bool:
        """Whether the user pressed Ctrl-C."""
        return self.interrupts.noted

    @property
    def over(self) -> bool:
        """Whether no further measurement may begin."""
        left = self.left()
        return self.interrupted or (left is not None and left <= 0)

    @property
    def why(self) -> str:
        """Why the profile ended early."""
        return "stopped by the user" if self.interrupted else f"the budget of {self.effort.budget:g} s ran out"


def profile(
    models: Sequence[str],
    out: str | Path,
    sweep: Sweep | Mapping[str, Sweep] | None = None,
    effort: Effort | None = None,
    *,
    device: str = "auto",
    load: str = CATALOGUE,
    on_record: Callable[[ProfileRecord], None] = lambda _: None,
) -> Profile:
    """Measure models one after the other, each in its own process, and keep every record.

    Earlier records in `out` stay, except those of configurations that are measured again. A configuration that fails
    has a record with the reason. When the budget is spent or the user presses Ctrl-C, the records so far are kept, and
    the configurations that are left get the status `not-run`.

    Args:
        models: names of the catalogue.
        out: output folder, laid out as `bench.records.profile` says.
        sweep: the configurations, of all models or of each by its name.
        effort: how long to measure.
        device: `auto`, `cpu`, `cuda` or `cuda:1`.
        load: the function that loads a model, given its name and a device, as `module:function`.
        on_record: called with every new record.

    Returns:
        Everything under `out/profile`.

    Raises:
        UsageError: the machine does not have the device.
        RunConflict: another command works in `out`.
    """
    effort = effort or Effort()
    run = _ProfileRun(ProfileLayout(Path(out).absolute()), resolve_device(device), effort, load, on_record)
    sweeps = sweep if isinstance(sweep, Mapping) else dict.fromkeys(models, sweep or Sweep())
    configurations = {model: sweeps[model].configurations() for model in models}
    with locked(run.layout.out):
        run.facts = _first_facts(run)
        write_environment(run.layout, run.facts)
        with run.interrupts.caught():
            _profile_models(run, configurations)
        run.facts["finished"] = _now()
        run.facts["after"] = machine_state(run.device)
        run.facts["status"] = "whole" if not run.over else ("interrupted" if run.interrupted else "budget")
        write_environment(run.layout, run.facts)
    return read_profile(run.layout.out)


def _first_facts(run: _ProfileRun) -> dict[str, Any]:
    known: list[dict[str, str]] = []
    if run.layout.environment_file.exists():
        earlier = read_profile(run.layout.out)
        known = [model for model in earlier.environment["models"] if earlier.of(model["name"], model["fingerprint"])]
    return {
        **environment(run.device),
        "input": INPUT,
        "started": _now(),
        "status": "running",
        "before": machine_state(run.device),
        "models": known,
        "not_loaded": {},
    }


def _profile_models(run: _ProfileRun, configurations: Mapping[str, Sequence[Configuration]]) -> None:
    """Measure all configurations of all models once, then the INVALID ones again."""
    records = {model: _ModelRecords(run) for model in configurations}
    for model, own in records.items():
        _profile_model(run, model, configurations[model], own)
    for _ in range(run.effort.retries):
        for model, own in records.items():
            if not run.over and (invalid := own.invalid(configurations[model])):
                _profile_model(run, model, invalid, own)


def _profile_model(
    run: _ProfileRun, model: str, configurations: Sequence[Configuration], records: _ModelRecords
) -> None:
    """Measure a model; after a process that died go on in a new one. The configuration that killed it gets a record."""
    left = list(configurations)
    reason = ""
    while left and not run.over:
        reason = _run_process(run, model, left, records)
        if records.loaded is None:
            break
        if left and reason and not run.over:
            records.add([records.empty(left.pop(0), "failed", reason)])
    if records.loaded is None:
        run.facts["not_loaded"][model] = reason or run.why
    elif left:
        records.add([records.empty(configuration, "not-run", run.why) for configuration in left])
    write_environment(run.layout, run.facts)


class _ModelRecords:
    """The records of one model, in memory and on disk."""

    def __init__(self, run: _ProfileRun) -> None:
        self._run = run
        self.loaded: Loaded | None = None
        self._records: dict[tuple[str, Configuration], ProfileRecord] = {}

    def begin(self, loaded: Loaded) -> None:
        """Read the earlier records of the model."""
        self.loaded = loaded
        entry = {"name": loaded.name, "fingerprint": loaded.fingerprint}
        if entry not in self._run.facts["models"]:
            self._run.facts["models"].append(entry)
        path = self._path(loaded)
        if not self._records and path.exists():
            self._records = {(record.device, record.configuration): record for record in read_records(path)}
        write_records(path, self._records.values())
        write_environment(self._run.layout, self._run.facts)

    def add(self, records: Iterable[ProfileRecord]) -> None:
        """Add records and write them; a record with the status `not-run` does not replace an older one with numbers."""
        for record in records:
            key = record.device, record.configuration
            older = self._records.get(key)
            if record.status == "not-run" and older is not None and older.measured:
                continue
            self._records.pop(key, None)
            self._records[key] = record
            self._run.on_record(record)
        if self.loaded is not None:
            write_records(self._path(self.loaded), self._records.values())

    def invalid(self, configurations: Iterable[Configuration]) -> list[Configuration]:
        """The configurations with INVALID times: the machine was not steady while they were measured."""
        records = ((one, self._records.get((self._run.device, one))) for one in configurations)
        return [configuration for configuration, record in records if record is not None and record.invalid]

    def empty(self, configuration: Configuration, status: ProfileOutcome, reason: str) -> ProfileRecord:
        """A record without numbers."""
        name, fingerprint = (self.loaded.name, self.loaded.fingerprint) if self.loaded else ("", "")
        device = self._run.device
        return ProfileRecord(name, fingerprint, device, device_name(device), configuration, status, reason)

    def _path(self, loaded: Loaded) -> Path:
        return self._run.layout.records_file(loaded.name, loaded.fingerprint)


def _run_process(run: _ProfileRun, model: str, left: list[Configuration], records: _ModelRecords) -> str:
    """Measure in one process, and remove what is done from `left`; returns why the process ended early, or nothing."""
    budget = run.left()
    effort = replace(run.effort, budget=None if budget is None else max(budget, POLL))
    job = Job(model, run.device, tuple(left), effort, run.load)

    def take(message: object, process: BaseProcess) -> str | None:
        if isinstance(message, Loaded):
            records.begin(message)
        elif isinstance(message, NotLoaded):
            process.join()
            return message.reason
        elif isinstance(message, Done):
            left.remove(message.record.configuration)
            records.add([_with_reason(message.record, run)])
        elif isinstance(message, Broken):
            process.join(GRACE)
            process.kill()  # a broken device may keep it from ending
            process.join()
            return ""
        return None

    reason, code = measure_in_process(work, job, run.interrupts, lambda: run.over, take)
    return end_of(code, bool(left)) if reason is None else reason


def _with_reason(record: ProfileRecord, run: _ProfileRun) -> ProfileRecord:
    """The record; a partial one gets its reason, which the measuring process does not know."""
    if record.status != "partial":
        return record
    return replace(record, status="partial" if record.measured else "not-run", reason=run.why)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
