"""The process that measures one model: it gets configurations, and sends records through a pipe."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

import torch

from bench.profiling.environment import device_works
from bench.profiling.execution import Subject
from bench.profiling.measure import Meter, reason_of
from bench.profiling.sweep import Effort
from bench.records.profile import Configuration, ProfileRecord

__all__ = ["Broken", "Done", "Job", "Loaded", "NotLoaded", "work"]


@dataclass(frozen=True)
class Job:
    """The work of one process.

    Attributes:
        model: its name.
        device: torch device.
        configurations: in order.
        effort: its `budget` is what is left of it.
        load: the function that loads the model, `module:function`.
    """

    model: str
    device: str
    configurations: tuple[Configuration, ...]
    effort: Effort
    load: str


@dataclass(frozen=True)
class Loaded:
    """Message: the model is loaded."""

    name: str
    fingerprint: str


@dataclass(frozen=True)
class NotLoaded:
    """Message: the model cannot be loaded."""

    reason: str


@dataclass(frozen=True)
class Done:
    """Message: a configuration was measured."""

    record: ProfileRecord


@dataclass(frozen=True)
class Broken:
    """Message: the device cannot be used any more in this process, which ends; a new one must go on."""


def work(connection: Connection, job: Job, stop: Event) -> None:
    """Measure until all is done, the budget is spent, or `stop` is set; ignores Ctrl-C, which the parent handles.

    After a failure that leaves the device unusable the process ends early; the parent goes on in a new one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stopped = _stopper(job.effort.budget, stop)
    if job.effort.threads is not None:
        torch.set_num_threads(job.effort.threads)
    try:
        subject = Subject(job.model, job.device, job.load)
    except Exception as error:  # noqa: BLE001 (weights, packages and devices fail in any way; the parent says so)
        connection.send(NotLoaded(reason_of(error)))
        return
    connection.send(Loaded(subject.model.name, subject.model.fingerprint))
    meter = Meter(subject, job.effort, stopped)
    for configuration in job.configurations:
        if stopped():
            return
        record = meter.measure(configuration)
        connection.send(Done(record))
        if subject.broken or (not record.measured and not device_works(job.device)):
            connection.send(Broken())
            return


def _stopper(budget: float | None, stop: Event) -> Callable[[], bool]:
    end = None if budget is None else time.monotonic() + budget
    return lambda: stop.is_set() or (end is not None and time.monotonic() > end)
