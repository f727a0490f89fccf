"""The main job of a profile: one process a model, records on disk as they come, a budget, and an end by Ctrl-C."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.profiling.environment import device_name, environment, machine_state
from bench.profiling.inputs import INPUT
from bench.profiling.interrupts import Interrupts
from bench.profiling.subject import CATALOGUE
from bench.profiling.sweep import Effort, Sweep
from bench.profiling.worker import Done, Job, Loaded, NotLoaded, work
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

_GRACE = 15.0
"""Seconds that a call in progress is given when the time is up; then its process is ended."""

_POLL = 0.1


@dataclass
class _Work:
    """What is known on the way."""

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
        """Whether the user wants an end."""
        return self.interrupts.noted

    @property
    def over(self) -> bool:
        """Whether nothing more is to be begun."""
        left = self.left()
        return self.interrupted or (left is not None and left <= 0)

    @property
    def why(self) -> str:
        """Why it is over."""
        return "stopped by the user" if self.interrupted else f"the budget of {self.effort.budget:g} s ran out"


def profile(
    models: Sequence[str],
    out: str | Path,
    sweep: Sweep | None = None,
    effort: Effort | None = None,
    *,
    device: str = "auto",
    load: str = CATALOGUE,
    on_record: Callable[[ProfileRecord], None] = lambda _: None,
) -> Profile:
    """Measure models one after the other, each in a process of its own, and keep every record.

    What `out` holds from before stays, but for configurations that are measured again. A configuration that does not
    work is a record with its reason. When the budget runs out or the user presses Ctrl-C, what was measured is kept
    and the rest is marked.

    Args:
        models: names of the catalogue.
        out: output folder; `bench.records.profile` says what lies where.
        sweep: what to measure.
        effort: for how long.
        device: `auto`, `cpu`, `cuda` or `cuda:1`.
        load: what makes a model of its name and a device, as `module:function`.
        on_record: called with every record when it is there.

    Returns:
        Everything under `out/profile`.

    Raises:
        UsageError: for a device that is not there.
        RunConflict: when another command works in `out`.
    """
    effort = effort or Effort()
    work_ = _Work(ProfileLayout(Path(out)), resolve_device(device), effort, load, on_record)
    configurations = (sweep or Sweep()).configurations()
    with locked(work_.layout.out):
        work_.facts = _first_facts(work_)
        write_environment(work_.layout, work_.facts)
        with work_.interrupts.caught():
            _profile_models(work_, models, configurations)
        work_.facts["finished"] = _now()
        work_.facts["after"] = machine_state(work_.device)
        work_.facts["status"] = "whole" if not work_.over else ("interrupted" if work_.interrupted else "budget")
        write_environment(work_.layout, work_.facts)
    return read_profile(work_.layout.out)


def _first_facts(work_: _Work) -> dict[str, Any]:
    known: list[dict[str, str]] = []
    if work_.layout.environment_file.exists():
        known = read_profile(work_.layout.out).environment["models"]
    return {
        **environment(work_.device),
        "input": INPUT,
        "started": _now(),
        "status": "running",
        "before": machine_state(work_.device),
        "models": known,
        "not_loaded": {},
    }


def _profile_models(work_: _Work, models: Sequence[str], configurations: Sequence[Configuration]) -> None:
    """All of them once, then again what is VOID."""
    files = {model: _File(work_) for model in models}
    for model, file in files.items():
        _profile_model(work_, model, configurations, file)
    for _ in range(work_.effort.retries):
        for model, file in files.items():
            if not work_.over and (void := file.void(configurations)):
                _profile_model(work_, model, void, file)


def _profile_model(work_: _Work, model: str, configurations: Sequence[Configuration], file: _File) -> None:
    """Go on with a fresh process after one that died: the configuration that killed it is a record."""
    left = list(configurations)
    reason = ""
    while left and not work_.over:
        reason = _run_process(work_, model, left, file)
        if file.loaded is None:
            break
        if left and reason and not work_.over:
            file.add([file.empty(left.pop(0), "failed", reason)])
    if file.loaded is None:
        work_.facts["not_loaded"][model] = reason or work_.why
    elif left:
        file.add([file.empty(configuration, "not-run", work_.why) for configuration in left])
    write_environment(work_.layout, work_.facts)


class _File:
    """The records of one model, in memory and on disk."""

    def __init__(self, work_: _Work) -> None:
        self._work = work_
        self.loaded: Loaded | None = None
        self._records: dict[tuple[str, Configuration], ProfileRecord] = {}

    def begin(self, loaded: Loaded) -> None:
        """Take up what is on disk for this model."""
        self.loaded = loaded
        entry = {"name": loaded.name, "fingerprint": loaded.fingerprint}
        if entry not in self._work.facts["models"]:
            self._work.facts["models"].append(entry)
        path = self._path(loaded)
        if not self._records and path.exists():
            self._records = {(record.device, record.configuration): record for record in read_records(path)}
        write_records(path, self._records.values())
        write_environment(self._work.layout, self._work.facts)

    def add(self, records: Iterable[ProfileRecord]) -> None:
        """Keep records; one that says `not-run` does not replace an older one with numbers."""
        for record in records:
            key = record.device, record.configuration
            older = self._records.get(key)
            if record.status == "not-run" and older is not None and older.measured:
                continue
            self._records.pop(key, None)
            self._records[key] = record
            self._work.on_record(record)
        if self.loaded is not None:
            write_records(self._path(self.loaded), self._records.values())

    def void(self, configurations: Iterable[Configuration]) -> list[Configuration]:
        """Those during which the machine was not steady."""
        records = ((one, self._records.get((self._work.device, one))) for one in configurations)
        return [configuration for configuration, record in records if record is not None and record.void]

    def empty(self, configuration: Configuration, status: ProfileOutcome, reason: str) -> ProfileRecord:
        """A record without numbers."""
        name, fingerprint = (self.loaded.name, self.loaded.fingerprint) if self.loaded else ("", "")
        device = self._work.device
        return ProfileRecord(name, fingerprint, device, device_name(device), configuration, status, reason)

    def _path(self, loaded: Loaded) -> Path:
        return self._work.layout.records_file(loaded.name, loaded.fingerprint)


def _run_process(work_: _Work, model: str, left: list[Configuration], file: _File) -> str:
    """Measure until the process ends; takes what is done off `left`. Returns why it ended before that, or nothing."""
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe(duplex=False)
    stop = context.Event()
    budget = work_.left()
    effort = replace(work_.effort, budget=None if budget is None else max(budget, _POLL))
    job = Job(model, work_.device, tuple(left), effort, work_.load)
    process = context.Process(target=work, args=(its, job, stop), daemon=True)
    with work_.interrupts.withheld():
        process.start()
    its.close()
    end: float | None = None
    while (message := _received(mine, process.is_alive)) is not EOFError:
        if isinstance(message, Loaded):
            file.begin(message)
        elif isinstance(message, NotLoaded):
            process.join()
            return message.reason
        elif isinstance(message, Done):
            left.remove(message.record.configuration)
            file.add([_marked(message.record, work_)])
        if work_.over:
            stop.set()
            end = end or time.monotonic() + _GRACE
            if time.monotonic() > end:
                process.kill()
    process.join()
    return _end_of(process.exitcode, bool(left))


def _received(connection: Connection, alive: Callable[[], bool]) -> Any:
    """The next message, None when there is none yet, EOFError when none will come."""
    try:
        if connection.poll(_POLL):
            return connection.recv()
        return None if alive() or connection.poll(0) else EOFError
    except (EOFError, OSError):
        return EOFError


def _marked(record: ProfileRecord, work_: _Work) -> ProfileRecord:
    """A record that was cut short, with the reason that only this side knows."""
    if record.status != "partial":
        return record
    return replace(record, status="partial" if record.measured else "not-run", reason=work_.why)


def _end_of(code: int | None, unfinished: bool) -> str:
    if not unfinished:
        return ""
    if code is not None and code < 0:
        killed = " (as a rule for lack of memory)" if code == -signal.SIGKILL else ""
        return f"its process was ended by {signal.Signals(-code).name}{killed}"
    return f"its process ended with exit code {code}" if code else ""


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
