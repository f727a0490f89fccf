"""Workers that SLURM starts as the elements of a job array, by submitit; its local executors stand in for SLURM."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from bench.errors import EnvironmentFailure, UsageError
from bench.runtime.cores import usable_cores
from bench.runtime.executors.deaths import DeathsInARow
from bench.runtime.executors.executor import Lost, Task
from bench.runtime.executors.shared_folder import SharedFolder
from bench.runtime.executors.slurm_element import Begun, DoneItem, Raised, SlurmElement, Started

__all__ = ["SlurmExecutor"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_CLUSTERS = ("slurm", "local", "debug")
_POLL = {"slurm": 2.0, "local": 0.1, "debug": 0.0}  # seconds
_TRIES = 2
_GRACE = 10.0  # seconds for the batch that an element is at when the run is interrupted
_MINUTES = {"slurm": 240, "local": 100_000, "debug": 100_000}
"""Time limit of an element, where none is given; one that reaches it goes on in the queue, three times at most."""


class SlurmExecutor:
    """A job array whose elements each run a share of the items.

    The shares are neighbours, as long as one another. When elements die, what they did not finish is submitted again;
    an item is tried twice at most. When elements die one after another without an item done, see `DeathsInARow`, what
    is left is given up. Elements write their files themselves, so every machine must see the output folder.

    Args:
        workers: elements.
        out: output folder, which all machines see.
        device: torch device; with `cuda` each element asks for a GPU.
        cluster: `slurm`; `local`: processes of this machine; `debug`: this process.
        parameters: of submitit, such as `slurm_partition`, `timeout_min`, `cpus_per_task` and `mem_gb`.
    """

    name = "slurm"

    def __init__(
        self,
        workers: int,
        out: Path,
        device: str = "cpu",
        *,
        cluster: str = "slurm",
        parameters: Mapping[str, object] | None = None,
    ) -> None:
        if cluster not in _CLUSTERS:
            raise UsageError("--executor-option cluster", f"be one of {', '.join(_CLUSTERS)}", repr(cluster))
        self._workers, self._out, self._cluster = workers, out, cluster
        gpus = {"gpus_per_node": 1} if device.startswith("cuda") else {}
        self._parameters = {"name": "spgbench", "timeout_min": _MINUTES[cluster], **gpus, **(parameters or {})}
        self._device = "cuda:0" if gpus and cluster != "debug" else device
        asked = self._parameters.get("cpus_per_task")
        here = usable_cores() if cluster == "debug" else max(1, usable_cores() // workers)
        self._threads = asked if isinstance(asked, int) else None if cluster == "slurm" else here

    def run(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Run all items, as every engine does.

        Raises:
            UsageError: submitit or SLURM is missing, a parameter is unknown, or no element sees the output folder.
            EnvironmentFailure: SLURM refuses the jobs.
        """
        submitit = _import_submitit(self._cluster)
        with SharedFolder.made_in(self._out) as shared:
            executor = self._executor(submitit, shared.path)
            work = _Work(items, self._workers, on_result, on_progress)
            made = 0
            while work.left and not work.deaths.too_many:
                shares = _cut(work.left, self._workers)
                elements = [
                    SlurmElement(
                        shared, made + place, task, share, self._threads, self._device, self._cluster == "local"
                    )
                    for place, share in enumerate(shares)
                ]
                made += len(elements)
                self._follow(submitit, executor, elements, work, shared)
            work.give_up()

    def _executor(self, submitit: Any, folder: Path) -> Any:
        try:
            executor = submitit.AutoExecutor(folder / "jobs", cluster=self._cluster)
            with warnings.catch_warnings(action="error"):  # of names that submitit takes for others
                executor.update_parameters(**self._parameters)
        except (AssertionError, NameError, TypeError, UserWarning, ValueError) as error:
            found = str(error).partition("\n")[0]
            raise UsageError("--executor-option", "be cluster=..., or a parameter of submitit", found) from error
        return executor

    def _follow(
        self,
        submitit: Any,
        executor: Any,
        elements: Sequence[SlurmElement],
        work: _Work[Any, Any],
        shared: SharedFolder,
    ) -> None:
        """Submit elements, and take their results as they come, until the last one has ended."""
        jobs = self._submit(submitit, executor, elements, shared)
        running = [_Running(element, job) for element, job in zip(elements, jobs, strict=True)]
        try:
            open_ = running
            while open_:
                time.sleep(_POLL[self._cluster])
                ended = [one for one in open_ if one.job.done()]  # before the last entries are read
                for one in open_:
                    one.read(work)
                open_ = [one for one in open_ if one not in ended]
        except BaseException:
            shared.withdraw()
            self._end(jobs)
            raise
        if not any(one.machine for one in running):
            found = f"{len(running)} elements that wrote nothing; the first one's log ends: {running[0].last_line()}"
            fix = "Choose an output folder on a shared disk, and a Python that every machine has."
            raise UsageError(f"output folder {self._out}", "be seen by all machines", found, fix)
        for one in running:
            one.settle(work, shared)

    def _submit(
        self, submitit: Any, executor: Any, elements: Sequence[SlurmElement], shared: SharedFolder
    ) -> list[Any]:
        for element in elements:
            element.journal.create()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl-C is the driver's alone
        try:
            with executor.batch():
                jobs = [executor.submit(element) for element in elements]
        except (subprocess.CalledProcessError, submitit.core.utils.FailedJobError, OSError) as error:
            last = str(error).strip().splitlines()[-1]
            raise EnvironmentFailure("SLURM", "take the jobs", last, "See --executor-option.") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if self._cluster == "slurm":
            shared.note_array(jobs[0].job_id.partition("_")[0])
        return jobs

    def _end(self, jobs: Sequence[Any]) -> None:
        """Cancel jobs; those on this machine end by themselves after their batch, or when the folder is gone."""
        if self._cluster == "slurm":
            for job in jobs:
                with contextlib.suppress(OSError, subprocess.CalledProcessError):
                    job.cancel(check=False)
        elif self._cluster == "local":
            end = time.monotonic() + _GRACE
            while time.monotonic() < end and not all(job.done() for job in jobs):
                time.sleep(_POLL["local"])


class _Work(Generic[Item, Result]):
    """The items, and what is known of them.

    Attributes:
        deaths: in a row, each of an element.
    """

    def __init__(
        self,
        items: Sequence[Item],
        workers: int,
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None],
    ) -> None:
        self._left = dict(enumerate(items))
        self._on_result, self._on_progress = on_result, on_progress
        self._deaths_at, self.deaths = Counter[int](), DeathsInARow(workers)
        self._began = False

    @property
    def left(self) -> list[tuple[int, Item]]:
        """Index and item of those that are not done, those first with which to go on."""
        every = list(self._left.items())
        place = self.deaths.place(len(every))
        return every[place:] + every[:place]

    def begin(self) -> None:
        """An item begins."""
        if not self._began:
            self._began = True
            self._on_progress(0)

    def finish(self, index: int, result: Result, samples: int) -> None:
        """Take the result of an item; of one that is done already, nothing happens."""
        if index in self._left:
            item = self._left.pop(index)
            self.deaths.forget()
            self._on_progress(samples)
            self._on_result(item, result)

    def died(self, index: int, reason: str) -> None:
        """Count a death at an item that is not done; it is tried again after the others."""
        self._deaths_at[index] += 1
        if index in self._left:
            item = self._left.pop(index)
            if self._deaths_at[index] == _TRIES:
                self._on_result(item, Lost(item, reason))
            else:
                self._left[index] = item

    def give_up(self) -> None:
        """Leave out what is left."""
        for item in self._left.values():
            self._on_result(item, Lost(item, self.deaths.reason, is_untried=True))
        self._left.clear()


class _Running:
    """An element that was submitted.

    Attributes:
        job: of submitit.
        machine: where it runs; empty until it does.
    """

    def __init__(self, element: SlurmElement, job: Any) -> None:
        self.job, self.machine = job, ""
        self._element, self._journal = element, element.journal
        self._unfinished = {index for index, _ in element.items}
        self._at: int | None = None

    def read(self, work: _Work[Any, Any]) -> None:
        """Take what the element wrote since the last call; raises what the task raised."""
        for entry in self._journal.read():
            if isinstance(entry, Started):
                self.machine, self._at = entry.machine, None
            elif isinstance(entry, Begun):
                self._at = entry.index
                work.begin()
            elif isinstance(entry, DoneItem):
                self._at = None
                self._unfinished.discard(entry.index)
                work.finish(entry.index, entry.result, entry.samples)
            elif isinstance(entry, Raised):
                raise entry.error

    def settle(self, work: _Work[Any, Any], shared: SharedFolder) -> None:
        """Blame the item that the element died at, or all that it had if it died before the first one."""
        state = str(self.job.state)
        died_of = f"a signal or limit of the scheduler (out of memory?), state {state}"
        if not self._unfinished:
            return
        at = shared.last_note(self._element.number) or " at its start"
        work.deaths.add(f"{died_of}{at}")
        blamed = sorted(self._unfinished) if self._at is None else [self._at]
        for index in blamed:
            work.died(index, f"{died_of}{at}")

    def last_line(self) -> str:
        """The last line of its log."""
        text = self.job.stderr() or self.job.stdout() or ""
        return (text.strip().splitlines() or ["nothing"])[-1][:300]


def _import_submitit(cluster: str) -> Any:
    try:
        import submitit
    except ImportError as error:
        fix = "Install the extra: pip install 'spgbench[slurm]'."
        raise UsageError("--executor slurm", "find the package submitit", "none", fix) from error
    if cluster == "slurm" and not all(map(shutil.which, ("sbatch", "srun", "scancel"))):
        fix = "Run the command on a login node of the cluster, or try it with --executor-option cluster=local."
        raise UsageError("--executor slurm", "find the programs sbatch, srun and scancel", "none", fix)
    return submitit


def _cut(items: Sequence[Item], workers: int) -> list[Sequence[Item]]:
    """Neighbours together, in up to so many shares that differ by one item at most."""
    n = min(workers, len(items))
    return [items[len(items) * place // n : len(items) * (place + 1) // n] for place in range(n)]
