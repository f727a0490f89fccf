"""Workers on a Ray cluster, or on a Ray of this machine alone: actors that are used again and again."""

from __future__ import annotations

import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from bench.errors import Failure, UsageError
from bench.runtime.cores import usable_cores
from bench.runtime.executors.deaths import DeathsInARow
from bench.runtime.executors.executor import Lost, Task
from bench.runtime.executors.ray_session import RayRequest, connected, import_ray
from bench.runtime.executors.ray_worker import RayWorker
from bench.runtime.executors.shared_folder import SharedFolder, hidden_from

__all__ = ["RayExecutor"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL = 0.2  # seconds
_AHEAD = 2  # items that an actor has at most, the one that it is at among them
_TRIES = 2
"""So often an item is tried; so many workers in a row may die in one place before they begin."""


class RayExecutor:
    """Actors, each of which has an item at a time, and while many are left the next one at hand.

    An item whose actor or machine dies is tried once more, after the others. When actors die one after another without
    an item done, see `DeathsInARow`, the items that are left are given up. Workers write their files themselves, so
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
        state: `greet`, `start` or `run`, which it is at.
        calls: reference and index of the items that it was given, in the order in which it does them.
        deaths: actors in a row that died here before they began.
    """

    actor: Any
    number: int
    state: str = "greet"
    calls: deque[tuple[Any, int]] = field(default_factory=deque)
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
        self._slots: list[_Slot] = []
        self._deaths, self._in_a_row = Counter[int](), DeathsInARow(request.workers)
        self._left, self._made, self._began = len(items), 0, False

    def run(self, workers: int, patience: float) -> None:
        """Run all items."""
        self._slots = [_Slot(None, 0) for _ in range(workers)]
        for slot in self._slots:
            self._place(slot)
        end = time.monotonic() + patience
        while self._left:
            ready, _ = self._ray.wait(list(self._pending), num_returns=1, timeout=_POLL)
            for reference in ready:
                self._hear(reference, self._pending.pop(reference))
                end = time.monotonic() + patience
            if all(slot.state == "greet" for slot in self._slots):
                self._refuse_full(end, patience)
            if self._in_a_row.too_many and not any(slot.calls for slot in self._slots):
                self._give_up()

    def close(self) -> None:
        """End all actors."""
        for slot in self._slots:
            if slot.actor is not None:
                self._ray.kill(slot.actor)

    def _place(self, slot: _Slot) -> None:
        """Ask for a new actor in this place."""
        self._made += 1
        slot.number = self._made
        slot.actor = self._class.remote(self._shared, self._made, self._request.threads, self._request.worker_device)
        self._call(slot, "greet")

    def _call(self, slot: _Slot, method: str, *arguments: Any) -> Any:
        slot.state = method
        reference = getattr(slot.actor, method).remote(*arguments)
        self._pending[reference] = slot
        return reference

    def _hear(self, reference: Any, slot: _Slot) -> None:
        errors = self._ray.exceptions
        try:
            value = self._ray.get(reference)
        except errors.RayTaskError as error:
            raise _original(error) from error
        except errors.ActorUnschedulableError as error:
            raise self._no_room(str(error)) from error
        except errors.RayError as error:
            self._bury(slot, error)
            return
        if slot.state == "greet":
            machine, sees = value
            if not sees:
                raise hidden_from(self._shared.path.parent, machine)
            self._call(slot, "start", self._task, Path.cwd())
        elif slot.state == "start":
            slot.deaths = 0
            self._give(slot)
        else:
            self._take(slot, reference, value)

    def _take(self, slot: _Slot, reference: Any, value: Any) -> None:
        """Take the result of an item."""
        call = next(call for call in slot.calls if call[0] == reference)
        slot.calls.remove(call)
        self._in_a_row.forget()
        self._give(slot)  # before the result is looked at
        self._done(call[1], value)

    def _done(self, index: int, value: tuple[Any, int]) -> None:
        result, samples = value
        self._on_progress(samples)
        self._finish(index, cast("Result", result))

    def _give(self, slot: _Slot) -> None:
        """Give an actor its next item; where many are left, also the one after it, so that it need not wait for us."""
        while self._waiting and not self._in_a_row.too_many:
            if len(slot.calls) >= (_AHEAD if len(self._waiting) > len(self._slots) else 1):
                return
            index = self._in_a_row.take(self._waiting)
            slot.calls.append((self._call(slot, "run", self._items[index]), index))
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
        if slot.state == "run":
            self._blame(slot, reason)
            self._place(slot)
            return
        slot.deaths += 1
        if slot.deaths < _TRIES:
            self._place(slot)
            return
        self._slots.remove(slot)
        if not self._slots:
            fix = "Use fewer --workers or leave the model out. What is recorded stays; the same command goes on."
            raise Failure("workers of Ray", "start", f"that one died of {reason}", fix)

    def _blame(self, slot: _Slot, reason: str) -> None:
        """Count the death of an actor at the first of its items that is not done; the others wait again."""
        calls, slot.calls = slot.calls, deque()
        for reference, _ in calls:
            self._pending.pop(reference, None)
        while calls and (value := self._late_result(calls[0][0])) is not None:
            self._in_a_row.forget()
            self._done(calls.popleft()[1], value)
        if not calls:
            return
        _, index = calls.popleft()
        self._waiting.extendleft(other for _, other in reversed(calls))
        self._in_a_row.add(reason)
        self._deaths[index] += 1
        if self._deaths[index] < _TRIES:
            self._waiting.append(index)
        else:
            self._finish(index, Lost(self._items[index], reason))
        for other in self._slots:
            if other is not slot and other.state == "run":
                self._give(other)

    def _late_result(self, reference: Any) -> tuple[Any, int] | None:
        """What an actor that is dead had done before without having been heard; None: it died of the item."""
        try:
            return cast("tuple[Any, int]", self._ray.get(reference))
        except self._ray.exceptions.RayTaskError as error:
            raise _original(error) from error
        except self._ray.exceptions.RayError:
            return None

    def _give_up(self) -> None:
        """Too many actors died one after another: leave out what is left."""
        for index in self._waiting:
            self._finish(index, Lost(self._items[index], self._in_a_row.reason, is_untried=True))
        self._waiting.clear()

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
