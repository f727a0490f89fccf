"""Options of the engine that runs the work of a command: this machine, a Ray cluster, or SLURM."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bench.cli import options
from bench.cli.console.session import say
from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.profiling.on_engine import Measure
    from bench.runtime.executors.executor import Executor as Engine

Found = TypeVar("Found")

__all__ = ["HERE", "Execution", "Executor", "ExecutorChoice", "ExecutorOptions", "RayAddress", "Workers"]


class ExecutorChoice(StrEnum):
    """Where workers run."""

    local = "local"
    ray = "ray"
    slurm = "slurm"


Workers = Annotated[
    int,
    typer.Option(
        parser=options.Bounds("--workers", int, 1),
        help="Number of processes, which share the device; results do not depend on it.",
        rich_help_panel=options.RUNNING,
    ),
]
Executor = Annotated[
    ExecutorChoice,
    typer.Option(
        help="Where the --workers run: on this machine, by Ray, or as a job array of SLURM.",
        rich_help_panel=options.RUNNING,
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        help="Ray: the cluster, HOST:PORT or auto; without it Ray runs on this machine alone.",
        metavar="HOST:PORT",
        rich_help_panel=options.RUNNING,
        show_default=False,
    ),
]
ExecutorOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--executor-option",
        help="Ray: cpus, gpus or patience; SLURM: cluster, or a parameter of submitit, as in slurm_partition=gpu.",
        metavar="KEY=VALUE",
        rich_help_panel=options.RUNNING,
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Execution:
    """What the options of the engine say.

    Attributes:
        workers: number of processes, actors or elements of a job array.
        executor: the engine.
        ray_address: as of `create_executor`.
        options: texts `KEY=VALUE`.
    """

    workers: int = 1
    executor: ExecutorChoice = ExecutorChoice.local
    ray_address: str | None = None
    options: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, workers: int, executor: ExecutorChoice, ray_address: str | None, options: list[str] | None
    ) -> Execution:
        """The options of a command; raises UsageError for those that no engine has."""
        execution = cls(workers, executor, ray_address, tuple(options or ()))
        execution._create(Path(), "cpu")
        return execution

    def remote_engine(self, out: Path, device: str) -> Engine | None:
        """Ray or SLURM; None for this machine, where the work itself decides whether it needs processes."""
        from bench.runtime.device import resolve_device

        return None if self.executor is ExecutorChoice.local else self._create(out, resolve_device(device))

    def engine(self, out: Path, device: str) -> Engine | None:
        """The engine for a resolved device; None for one worker on this machine, which is this process."""
        return None if self == HERE else self._create(out, device)

    def measure(
        self,
        name: str,
        measure: Measure[Found],
        out: Path,
        device: str,
        on_record: Callable[[Any], None],
    ) -> Found:
        """What a measurement of a machine finds, this one or that of the engine's worker.

        Args:
            name: of the measurement, for messages.
            measure: `profile` or `load_test` with its other arguments.
            out: output folder.
            device: as the user named it; a worker's device need not be there on this machine.
            on_record: called with every new record.
        """
        if self.executor is ExecutorChoice.local:
            return measure(device=device, on_record=on_record)
        from bench.profiling import measure_on
        from bench.runtime.device import resolve_device

        engine = self._create(out, resolve_device(device) if device == "auto" else device)
        done = itertools.count(1)

        def advance(count: int) -> None:
            for number in itertools.islice(done, count):
                say(f"record {number} of the {name} is there")

        return measure_on(engine, name, measure, on_record, advance)

    def _create(self, out: Path, device: str) -> Engine:
        from bench.runtime.executors.create import create_executor

        pairs = {}
        for text in self.options:
            key, equals, value = text.partition("=")
            if not key or not equals:
                raise UsageError("--executor-option", "be KEY=VALUE", repr(text), "Example: slurm_partition=gpu.")
            if key in pairs:
                raise UsageError(f"--executor-option {key}", "be given once", "it twice")
            pairs[key] = value
        name = self.executor.value
        return create_executor(name, self.workers, out, device, ray_address=self.ray_address, options=pairs)


HERE = Execution()
"""In this process."""
