"""The process that tests one model: it gets scenarios and configurations, and sends records through a pipe."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

import torch

from bench.profiling.execution import Subject
from bench.profiling.load.measure import LoadMeter
from bench.profiling.load.plan import LoadPlan
from bench.profiling.measure import reason_of
from bench.profiling.worker import Loaded, NotLoaded
from bench.records.load import LoadRecord, Scenario
from bench.records.profile import Configuration

__all__ = ["LoadJob", "Tested", "work_load"]


@dataclass(frozen=True)
class LoadJob:
    """The work of one process.

    Attributes:
        model: its name.
        device: torch device.
        tasks: in order.
        plan: of the test.
        budget: seconds that are left, or None.
        threads: of torch, or None for torch's own choice.
        load: the function that loads the model, `module:function`.
    """

    model: str
    device: str
    tasks: tuple[tuple[Scenario, Configuration], ...]
    plan: LoadPlan
    budget: float | None
    threads: int | None
    load: str


@dataclass(frozen=True)
class Tested:
    """Message: a record, or what there is of it after one more trial."""

    record: LoadRecord
    whole: bool


def work_load(connection: Connection, job: LoadJob, stop: Event) -> None:
    """Test until all is done, the budget is spent, or `stop` is set; ignores Ctrl-C, which the parent handles."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end = None if job.budget is None else time.monotonic() + job.budget

    def stopped() -> bool:
        return stop.is_set() or (end is not None and time.monotonic() > end)

    if job.threads is not None:
        torch.set_num_threads(job.threads)
    try:
        subject = Subject(job.model, job.device, job.load)
    except Exception as error:  # noqa: BLE001 (weights, packages and devices fail in any way; the parent says so)
        connection.send(NotLoaded(reason_of(error)))
        return
    connection.send(Loaded(subject.model.name, subject.model.fingerprint))
    meter = LoadMeter(subject, job.plan, stopped, lambda record: connection.send(Tested(record, whole=False)))
    for scenario, configuration in job.tasks:
        if stopped():
            return
        connection.send(Tested(meter.measure(scenario, configuration), whole=True))
