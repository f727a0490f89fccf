"""`load_test`: tests each model in its own process, writes every record at once, and ends at a budget or Ctrl-C."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.profiling.environment import device_name, environment
from bench.profiling.execution import CATALOGUE
from bench.profiling.inputs import INPUT
from bench.profiling.interrupts import Interrupts
from bench.profiling.load.plan import LoadPlan
from bench.profiling.load.worker import LoadJob, Tested, work_load
from bench.profiling.processes import end_of, measure_in_process
from bench.profiling.sweep import Sweep
from bench.profiling.worker import Loaded, NotLoaded
from bench.records import locked
from bench.records.load import (
    PERCENTS,
    LoadLayout,
    LoadRecord,
    LoadResults,
    Scenario,
    read_load,
    read_load_records,
    write_load_environment,
    write_load_records,
)
from bench.records.profile import Configuration, ProfileOutcome
from bench.runtime.device import resolve_device

__all__ = ["load_test"]


Task = tuple[Scenario, Configuration]


@dataclass
class _LoadRun:
    """The state of one `load_test` call."""

    layout: LoadLayout
    device: str
    plan: LoadPlan
    budget: float | None
    threads: int | None
    load: str
    on_record: Callable[[LoadRecord], None]
    start: float = field(default_factory=time.monotonic)
    facts: dict[str, Any] = field(default_factory=dict)
    interrupts: Interrupts = field(default_factory=Interrupts)

    def left(self) -> float | None:
        """Seconds of the budget, or None without one."""
        return None if self.budget is None else self.budget - (time.monotonic() - self.start)

    @property
    def over(self) -> bool:
        """Whether no further test may begin."""
        left = self.left()
        return self.interrupts.noted or (left is not None and left <= 0)

    @property
    def why(self) -> str:
        """Why the test ended early."""
        return "stopped by the user" if self.interrupts.noted else f"the budget of {self.budget:g} s ran out"


def load_test(
    models: Sequence[str],
    out: str | Path,
    plan: LoadPlan,
    sweep: Sweep | None = None,
    *,
    budget: float | None = None,
    threads: int | None = None,
    device: str = "auto",
    load: str = CATALOGUE,
    on_record: Callable[[LoadRecord], None] = lambda _: None,
) -> LoadResults:
    """Test models one after the other, each in its own process, and keep every latency.

    Earlier records in `out` stay, except those of scenarios and configurations that are tested again. When the budget
    is spent or the user presses Ctrl-C, the trials so far are kept.

    Args:
        models: names of the catalogue.
        out: output folder, laid out as `bench.records.load` says.
        plan: scenarios, limits and lengths.
        sweep: the configurations; the batch sizes are those of the offline scenario, the largest one the server's.
        budget: seconds for everything, or None.
        threads: of torch in every process, or None for torch's own choice.
        device: `auto`, `cpu`, `cuda` or `cuda:1`.
        load: the function that loads a model, given its name and a device, as `module:function`.
        on_record: called with every new record.

    Returns:
        Everything under `out/load`.

    Raises:
        UsageError: the machine does not have the device, or the budget is not above 0.
        RunConflict: another command works in `out`.
    """
    if budget is not None and not budget > 0:
        raise UsageError("budget of a load test", "be above 0 seconds", str(budget), "Give another budget.")
    run = _LoadRun(LoadLayout(Path(out).absolute()), resolve_device(device), plan, budget, threads, load, on_record)
    tasks = plan.tasks((sweep or Sweep()).configurations())
    with locked(run.layout.out):
        run.facts = _first_facts(run)
        with run.interrupts.caught():
            for model in models:
                _test_model(run, model, list(tasks))
        run.facts["finished"] = _now()
        run.facts["status"] = "whole" if not run.over else ("interrupted" if run.interrupts.noted else "budget")
        write_load_environment(run.layout, run.facts)
    return read_load(run.layout.out)


def _first_facts(run: _LoadRun) -> dict[str, Any]:
    known: list[dict[str, str]] = []
    if run.layout.environment_file.exists():
        known = read_load(run.layout.out).environment["models"]
    return {
        **environment(run.device),
        "input": INPUT,
        "plan": asdict(run.plan),
        "started": _now(),
        "status": "running",
        "models": known,
        "not_loaded": {},
    }


def _test_model(run: _LoadRun, model: str, left: list[Task]) -> None:
    """Test a model; after a process that died go on in a new one. The task that killed it gets a record."""
    records = _Records(run)
    reason = ""
    while left and not run.over:
        reason = _run_process(run, model, left, records)
        if records.loaded is None:
            break
        if left and reason and not run.over:
            records.end(left.pop(0), "failed", reason)
    if records.loaded is None:
        run.facts["not_loaded"][model] = reason or run.why
    for task in left if records.loaded else ():
        records.end(task, "not-run", run.why)
    write_load_environment(run.layout, run.facts)


class _Records:
    """The records of one model, in memory and on disk."""

    def __init__(self, run: _LoadRun) -> None:
        self._run = run
        self.loaded: Loaded | None = None
        self._records: dict[tuple[str, Task], LoadRecord] = {}
        self._begun: LoadRecord | None = None

    def begin(self, loaded: Loaded) -> None:
        """Read the earlier records of the model."""
        self.loaded = loaded
        entry = {"name": loaded.name, "fingerprint": loaded.fingerprint}
        if entry not in self._run.facts["models"]:
            self._run.facts["models"].append(entry)
        if not self._records and self._path.exists():
            known = read_load_records(self._path)
            self._records = {(record.device, (record.scenario, record.configuration)): record for record in known}
        self._write()
        write_load_environment(self._run.layout, self._run.facts)

    def add(self, record: LoadRecord, *, whole: bool) -> None:
        """Add a record, or what there is of it so far, and write the file."""
        if whole and record.status in ("partial", "not-run"):
            record = replace(record, reason=self._run.why)
        self._begun = None if whole else record
        key = record.device, (record.scenario, record.configuration)
        older = self._records.get(key)
        if not (record.status == "not-run" and older is not None and older.measured):
            self._records.pop(key, None)
            self._records[key] = record if whole else replace(record, status="partial", reason="not finished")
            self._write()
        if whole:
            self._run.on_record(record)

    def end(self, task: Task, status: ProfileOutcome, reason: str) -> None:
        """The record of a task that did not come to its end, with the trials that were made."""
        begun = self._begun
        if begun is None or (begun.scenario, begun.configuration) != task:
            (scenario, configuration), loaded, device = task, self.loaded, self._run.device
            name, fingerprint = (loaded.name, loaded.fingerprint) if loaded else ("", "")
            percent, budget = PERCENTS[scenario], self._run.plan.budget_s if scenario == "server" else None
            begun = LoadRecord(
                name,
                fingerprint,
                device,
                device_name(device),
                configuration,
                scenario,
                status,
                percent=percent,
                budget_s=budget,
            )
        status = "partial" if status == "not-run" and begun.measured else status
        self.add(replace(begun, status=status, reason=reason), whole=True)

    @property
    def _path(self) -> Path:
        name, fingerprint = (self.loaded.name, self.loaded.fingerprint) if self.loaded else ("", "")
        return self._run.layout.records_file(name, fingerprint)

    def _write(self) -> None:
        write_load_records(self._path, self._records.values())


def _run_process(run: _LoadRun, model: str, left: list[Task], records: _Records) -> str:
    """Test in one process, and remove what is done from `left`; returns why the process ended early, or nothing."""
    job = LoadJob(model, run.device, tuple(left), run.plan, run.left(), run.threads, run.load)

    def take(message: object, process: BaseProcess) -> str | None:
        if isinstance(message, Loaded):
            records.begin(message)
        elif isinstance(message, NotLoaded):
            process.join()
            return message.reason
        elif isinstance(message, Tested):
            if message.whole:
                left.remove((message.record.scenario, message.record.configuration))
            records.add(message.record, whole=message.whole)
        return None

    reason, code = measure_in_process(work_load, job, run.interrupts, lambda: run.over, take)
    return end_of(code, bool(left)) if reason is None else reason


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
