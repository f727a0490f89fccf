"""Edits of label maps: what a protocol asks of a model that fills a hole under a map that somebody changed."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.vocabulary import Dataset, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole, LabelMap

__all__ = ["Editing", "LabelEdit"]


@dataclass(frozen=True)
class LabelEdit:
    """The label map that a fill should follow.

    Attributes:
        labels: uint8 [H, W] class indices of the data set, VOID where nothing is asked for; outside the hole, the true
            ones.
        changed: bool [H, W], the hole pixels whose label is not the true one.
    """

    labels: LabelMap
    changed: Hole


@typing.runtime_checkable
class Editing(typing.Protocol):
    """A protocol whose task is `editing`; beside what a Protocol has."""

    def edited(self, sample: Sample, seed: int, dataset: Dataset) -> LabelEdit:
        """The map that belongs to the hole of the same arguments; raises NotApplicable where there is no such hole."""
