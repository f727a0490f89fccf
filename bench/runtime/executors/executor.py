"""What a task is, and what an engine does with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

__all__ = ["Executor", "Lost", "Task", "Worker"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Worker(Protocol):
    """What a task may say to the engine from inside a worker.

    Attributes:
        threads: CPU threads that the worker may use.
        device: torch device that the worker has.
    """

    threads: int
    device: str

    def note(self, text: str) -> None:
        """Say what begins now, such as the model and the picture: the reason of a death names it."""
        ...

    def advance(self, count: int) -> None:
        """Say that so many more samples are done; raises to end the item when the run was interrupted."""
        ...


class Task(Protocol[Item_contra, Result_co]):
    """Work that can be pickled; every item is a pure function of its place in the task."""

    @property
    def fingerprint(self) -> str:
        """Hash of the code version, the weights and all else that results depend on; `start` refuses another one."""
        ...

    def start(self, worker: Worker) -> Callable[[Item_contra], Result_co]:
        """Get ready once in a worker (load models), and return what is called with each item.

        Raises:
            UsageError: the worker has another code version or other weights than the driver.
        """
        ...


@dataclass(frozen=True)
class Lost(Generic[Item]):
    """An item whose worker died, as often as the engine tries it.

    Attributes:
        item: what was to be done.
        reason: how the last worker died and what it was doing then, the end of a sentence.
        is_untried: whether the engine gave up before the item, since every worker died.
    """

    item: Item
    reason: str
    is_untried: bool = False


class Executor(Protocol):
    """An engine.

    It calls `on_result` in the calling thread, once for each item, in any order. An item whose worker dies is tried
    again in a new worker; one that dies again is `Lost`, and the other items go on. What `start` or an item raises ends
    the run and is raised.
    """

    name: str

    def run(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        on_result: Callable[[Item, Result | Lost[Item]], None],
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Run all items.

        Args:
            task: what is done.
            items: in the order in which they begin.
            on_result: gets each item and its result.
            on_progress: gets the number of samples done since its last call, in the calling thread; its first call,
                with 0, comes when the first item begins.

        Raises:
            UsageError: the engine cannot be reached, or its package is not installed.
        """
        ...
