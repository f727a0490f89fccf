"""Workers on a Ray cluster, or on a Ray of this machine alone: actors that are used again and again."""

from __future__ import annotations

import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from bench.errors import Failure, UsageError
from bench.runtime.cores import usable_cores
from bench.runtime.executors.executor import Lost, Task
from bench.runtime.executors.ray_session import RayRequest, connected, import_ray
from bench.runtime.executors.ray_worker import RayWorker
from bench.runtime.executors.shared_folder import SharedFolder, hidden_from

__all__ = ["RayExecutor"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL = 0.2  # seconds
_TRIES = 2
"""So often an item is tried; so many workers in a row may die in one place before they begin."""


class RayExecutor:
    """Actors, each of which has an item at a time.

    An item whose actor or machine dies is tried once more by another actor. Workers write their files themselves, so
    every machine must see the output folder. Ray is started for the run, unless it runs in this process already.

    Args:
        workers: actors.
        out: output folder, which all machines see.
        device: torch device; with `cuda` each actor asks Ray for a GPU.
        address: of a cluster, `HOST:PORT` or `auto`; None: this machine alone.
        cpus: CPU cores of an actor; None: an equal share of this machine, or one of a cluster.
        gpus: GPUs of an actor, such as 0.5; None: one, or an equal share of those of this machine if there are fewer.
        patience: seconds until the cluster must have room for the first actor.
    """

    name = "ray"

    def __init__(
        self,
        workers: int,
        out: Path,
        device: str = "cpu",
        *,
        address: str | None = None,
        cpus: float | None = None,
        gpus: float | None = None,
        patience: float = 300.0,
    ) -> None:
        shared_cores = float(max(1, usable_cores() // workers))
        cores = (1.0 if address else shared_cores) if cpus is None else cpus
        self._workers, self._out, self._patience = workers, out, patience
        self._request = RayRequest(workers, device, address, cores, gpus)

    def run(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Run all items, as every engine does.

        Raises:
            UsageError: Ray is not installed or cannot be reached, has no room for a worker, or a worker does not see
                the output folder.
            Failure: workers die before they can begin.
        """
        ray = import_ray()
        with connected(ray, self._request) as options, SharedFolder.made_in(self._out) as shared:
            pool = _Pool(ray, options, self._request, shared, task, items, on_result, on_progress)
            try:
                pool.run(min(self._workers, len(items)), self._patience)
            finally:
                pool.close()


@dataclass(eq=False)
class _Slot:
    """A place for an actor; after a death a new one takes it.

    Attributes:
        actor: handle of Ray.
        number: of the actor.
        state: `greet`, `start` or `run`, which it is at, or `idle`.
        item: index of the item that it is at.
        deaths: actors in a row that died here before they began.
    """

    actor: Any
    number: int
    state: str = "greet"
    item: int = -1
    deaths: int = 0


class _Pool(Generic[Item, Result]):
    """Runs the items; arguments as of `RayExecutor.run`."""

    def __init__(
        self,
        ray: Any,
        options: dict[str, float],
        request: RayRequest,
        shared: SharedFolder,
        task: Task[Item, Result],
        items: Sequence[Item],
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None],
    ) -> None:
        self._ray, self._request, self._shared = ray, request, shared
        self._class = ray.remote(RayWorker).options(max_restarts=0, max_task_retries=0, **options)
        self._task, self._items = ray.put(pickle.dumps(task)), items
        self._on_result, self._on_progress = on_result, on_progress
        self._waiting = deque(range(len(items)))
        self._pending: dict[Any, _Slot] = {}
        self._idle: list[_Slot] = []
        self._deaths = Counter[int]()
        self._left, self._made, self._began = len(items), 0, False

    def run(self, workers: int, patience: float) -> None:
        """Run all items."""
        for _ in range(workers):
            self._place(_Slot(None, 0))
        end = time.monotonic() + patience
        while self._left:
            ready, _ = self._ray.wait(list(self._pending), num_returns=1, timeout=_POLL)
            for reference in ready:
                self._hear(reference, self._pending.pop(reference))
                end = time.monotonic() + patience
            if not self._idle and all(slot.state == "greet" for slot in self._pending.values()):
                self._refuse_full(end, patience)

    def close(self) -> None:
        """End all actors."""
        for slot in [*self._pending.values(), *self._idle]:
            self._ray.kill(slot.actor)

    def _place(self, slot: _Slot) -> None:
        """Ask for a new actor in this place."""
        self._made += 1
        slot.number, slot.item = self._made, -1
        slot.actor = self._class.remote(self._shared, self._made, self._request.threads, self._request.worker_device)
        self._call(slot, "greet")

    def _call(self, slot: _Slot, method: str, *arguments: Any) -> None:
        slot.state = method
        self._pending[getattr(slot.actor, method).remote(*arguments)] = slot

    def _hear(self, reference: Any, slot: _Slot) -> None:
        errors = self._ray.exceptions
        try:
            value = self._ray.get(reference)
        except errors.RayTaskError as error:
            self._idle.append(slot)  # to be ended with the others
            raise _original(error) from error
        except errors.ActorUnschedulableError as error:
            raise self._no_room(str(error)) from error
        except errors.RayError as error:
            self._bury(slot, error)
            return
        if slot.state == "greet":
            machine, sees = value
            if not sees:
                self._idle.append(slot)
                raise hidden_from(self._shared.path.parent, machine)
            self._call(slot, "start", self._task, Path.cwd())
        elif slot.state == "start":
            slot.deaths = 0
            self._give(slot)
        else:
            index, (result, samples) = slot.item, value
            self._give(slot)  # before the result is looked at
            self._on_progress(samples)
            self._finish(index, cast("Result", result))

    def _give(self, slot: _Slot) -> None:
        """Give an actor its next item, if there is one."""
        if not self._waiting:
            slot.state, slot.item = "idle", -1
            self._idle.append(slot)
            return
        slot.item = self._waiting.popleft()
        self._call(slot, "run", self._items[slot.item])
        if not self._began:
            self._began = True
            self._on_progress(0)

    def _finish(self, index: int, result: Result | Lost[Item]) -> None:
        self._left -= 1
        self._on_result(self._items[index], result)

    def _bury(self, slot: _Slot, error: Exception) -> None:
        """Take note of the death of an actor; raises Failure when none can begin."""
        self._ray.kill(slot.actor)  # one that is out of reach must not go on
        reason = _how(error) + (self._shared.last_note(slot.number) or " at its start")
        if slot.state != "run":
            slot.deaths += 1
            if slot.deaths < _TRIES:
                self._place(slot)
            elif not self._pending and not self._idle:
                fix = "Use fewer --workers or leave the model out. What is recorded stays; the same command goes on."
                raise Failure("workers of Ray", "start", f"that one died of {reason}", fix)
            return
        index = slot.item
        self._deaths[index] += 1
        is_lost = self._deaths[index] == _TRIES
        if not is_lost:
            self._waiting.appendleft(index)
            if self._idle:
                self._give(self._idle.pop())
        self._place(slot)
        if is_lost:
            self._finish(index, Lost(self._items[index], reason))

    def _refuse_full(self, end: float, patience: float) -> None:
        if time.monotonic() > end:
            raise self._no_room(f"no room within {patience:g} s")

    def _no_room(self, found: str) -> UsageError:
        has = ", ".join(f"{name} {self._ray.cluster_resources().get(name, 0):g}" for name in ("CPU", "GPU"))
        fix = f"The cluster has {has} in all. Ask for less with --executor-option cpus=N or gpus=N."
        return UsageError("Ray", f"have room for a worker with {self._request.in_words}", found, fix)


def _original(error: Any) -> Exception:
    """What the task raised in the worker, with the traceback of the worker as a note."""
    cause = error.cause
    if not isinstance(cause, Exception):
        return Failure("a worker", "run to its end", str(error))
    cause.add_note(str(error).rstrip())
    return cause


def _how(error: Exception) -> str:
    """How an actor died, in few words."""
    text = str(error)
    if "node has died" in text or "node died" in text:
        return "the death of its machine"
    if "low on memory" in text:
        return "too little memory on its machine"
    if "unexpected" in text:
        return "SIGKILL or another signal (out of memory?)"
    return " ".join(text.split())[:300]
