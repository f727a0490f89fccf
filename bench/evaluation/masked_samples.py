"""Samples with their holes, one by one or prefetched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bench.editing import LabelEdit
from bench.errors import NotApplicable
from bench.evaluation.label_edits import find_edit
from bench.evaluation.plan import Plan
from bench.evaluation.removals import find_removed
from bench.removal import RemovedObject
from bench.runtime.prefetch import Prefetcher
from bench.vocabulary import Inpainter, Protocol, Sample, Truth

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["MaskedSample", "SkippedSample", "load_masked_sample", "pixels_sha256", "prefetch_masked_samples"]

_MOST_PREFETCHED = 64  # at 1024x2048 half a gigabyte, at 256x256 a hundredth of it


@dataclass(frozen=True)
class MaskedSample:
    """A sample with its hole.

    Attributes:
        sample: whose picture is the input.
        hole: bool [H, W], True = missing.
        removed: what a removal takes out; None under another task.
        edit: the label map that a fill should follow; None under another task.
    """

    sample: Sample
    hole: Hole
    removed: RemovedObject | None = None
    edit: LabelEdit | None = None

    @property
    def truth(self) -> Truth | None:
        """What a fill is compared with: under completion the sample itself; None of a removal without a truth."""
        return Truth(self.sample.image, self.sample.labels) if self.removed is None else self.removed.truth

    def given_to(self, model: Inpainter) -> Sample:
        """The sample of which a model is given the visible part.

        Of a removal, labels inside the hole, which oracles alone are given, are the truth's: those of the sample would
        tell the model to paint the object again. Where they are not known, such a model is given no labels. Of an edit,
        a model that follows it is given the edited map.
        """
        labels = self.sample.labels
        if self.edit is not None and model.label_sources.hole == "edited":
            return replace(self.sample, labels=self.edit.labels)
        if self.removed is None or labels is None or model.label_sources.hole != "oracle":
            return self.sample
        inside = None if self.truth is None else self.truth.labels
        return replace(self.sample, labels=None if inside is None else np.where(self.hole, inside, labels))


@dataclass(frozen=True)
class SkippedSample:
    """A sample that cannot be read, or that the protocol cannot be applied to, and why."""

    sample_id: str
    reason: str


def pixels_sha256(array: Picture | Hole) -> str:
    """SHA-256 of the raw bytes of a picture or a hole."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def load_masked_sample(plan: Plan, protocol: Protocol, index: int) -> MaskedSample | SkippedSample:
    """Load a sample of the plan's dataset and draw its hole; raises what the dataset or the protocol raises."""
    sample_id = plan.dataset.ids[index]
    if sample_id in plan.bad:
        return SkippedSample(sample_id, plan.bad[sample_id])
    sample = plan.dataset[index]
    try:
        seed, dataset = plan.suite.seed, plan.dataset
        hole = protocol.hole(sample, seed, dataset)
        removed = find_removed(protocol, sample, seed, dataset)
        return MaskedSample(sample, hole, removed, find_edit(protocol, sample, hole, seed, dataset))
    except NotApplicable as reason:
        return SkippedSample(sample.id, str(reason))


def prefetch_masked_samples(
    plan: Plan, items: Sequence[tuple[Protocol, int]]
) -> AbstractContextManager[Iterator[MaskedSample | SkippedSample]]:
    """The same for many (protocol, index), in order: two threads load them while the caller works on earlier ones."""
    return closing(Prefetcher(lambda item: load_masked_sample(plan, *item), items, most=_MOST_PREFETCHED))
