"""What runs in a model's own process: configurations in, records out through a pipe."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

import torch

from bench.profiling.measure import Meter, reason_of
from bench.profiling.subject import Subject
from bench.profiling.sweep import Effort
from bench.records.profile import Configuration, ProfileRecord

__all__ = ["Done", "Job", "Loaded", "NotLoaded", "work"]


@dataclass(frozen=True)
class Job:
    """What one process is to do.

    Attributes:
        model: its name.
        device: torch device.
        configurations: in order.
        effort: `budget` is what is left of it.
        load: what makes the model, `module:function`.
    """

    model: str
    device: str
    configurations: tuple[Configuration, ...]
    effort: Effort
    load: str


@dataclass(frozen=True)
class Loaded:
    """The model is there."""

    name: str
    fingerprint: str


@dataclass(frozen=True)
class NotLoaded:
    """The model could not be made."""

    reason: str


@dataclass(frozen=True)
class Done:
    """A configuration was measured."""

    record: ProfileRecord


def work(connection: Connection, job: Job, stop: Event) -> None:
    """Measure until all is done, the time is up, or `stop` is set. A Ctrl-C is the parent's to handle."""
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
        connection.send(Done(meter.measure(configuration)))


def _stopper(budget: float | None, stop: Event) -> Callable[[], bool]:
    end = None if budget is None else time.monotonic() + budget
    return lambda: stop.is_set() or (end is not None and time.monotonic() > end)
