"""Removal of objects: what a protocol asks of a model, and what is known of the object that a hole hides."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.vocabulary import Dataset, Protocol, Sample, Truth

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["TASKS", "RemovedObject", "RemovesObjects", "Removing", "Task", "task_of"]

Task = Literal["completion", "removal", "editing"]
TASKS: tuple[Task, ...] = ("completion", "removal", "editing")
"""What a fill should be. `completion`: what the hole hides. `removal`: the scene without the object that it hides.
`editing`: what a given label map asks for (`bench.editing`)."""


@dataclass(frozen=True)
class RemovedObject:
    """What a removal protocol takes out of a sample.

    Attributes:
        pixels: bool [H, W], where the object shows; None where that is not known.
        label: index of its class in the dataset; None where that is not known.
        truth: the same scene without it; None where there is no such picture.
        effects: bool [H, W], every pixel that changes with it: the object itself, its shadow, its reflections; None
            where that is not known.
    """

    pixels: Hole | None = None
    label: int | None = None
    truth: Truth | None = None
    effects: Hole | None = None


@typing.runtime_checkable
class Removing(typing.Protocol):
    """A protocol that declares its task, and whose holes hide an object if that is `removal`."""

    @property
    def task(self) -> Task:
        """What a fill should be."""

    def removed(self, sample: Sample, seed: int, dataset: Dataset) -> RemovedObject:
        """What the hole of the same arguments hides; raises NotApplicable where there is no such hole."""


@typing.runtime_checkable
class RemovesObjects(typing.Protocol):
    """A Dataset that can give the scene of a sample without an object; beside what a Dataset has."""

    def without(self, sample_id: str, region: Hole) -> RemovedObject:
        """The scene without every countable thing that shows in a region, bool [H, W].

        `label` is the class that most of the region has. Raises NotApplicable when nothing countable shows there.
        """


@typing.runtime_checkable
class _Tasked(typing.Protocol):
    """A protocol that declares its task."""

    @property
    def task(self) -> Task: ...


def task_of(protocol: Protocol) -> Task:
    """The task that a protocol declares; completion where it declares none."""
    return protocol.task if isinstance(protocol, _Tasked) else "completion"
