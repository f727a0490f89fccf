"""Samples with their holes, one by one or ahead of their use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.ahead import Ahead
from bench.errors import NotApplicable
from bench.evaluation.plan import Plan
from bench.vocabulary import Protocol, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["Cut", "Skipped", "cut", "cut_ahead"]

_MOST_AHEAD = 64  # at 1024x2048 half a gigabyte, at 256x256 a hundredth of it


@dataclass(frozen=True)
class Cut:
    """A sample with its hole, bool [H, W]."""

    sample: Sample
    hole: Hole


@dataclass(frozen=True)
class Skipped:
    """A sample that the protocol cannot be applied to, and why."""

    sample_id: str
    reason: str


def cut(plan: Plan, protocol: Protocol, index: int) -> Cut | Skipped:
    """Load a sample of the plan's dataset and draw its hole; raises what the dataset or the protocol raises."""
    sample = plan.dataset[index]
    try:
        return Cut(sample, protocol.hole(sample, plan.suite.seed, plan.dataset))
    except NotApplicable as reason:
        return Skipped(sample.id, str(reason))


def cut_ahead(plan: Plan, places: Sequence[tuple[Protocol, int]]) -> AbstractContextManager[Iterator[Cut | Skipped]]:
    """The same for many places in order, made by two threads while the reader works on earlier ones."""
    return closing(Ahead(lambda place: cut(plan, *place), places, most=_MOST_AHEAD))
