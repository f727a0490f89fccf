"""Pictures that never had a removed object: what a judge sees in them bounds the metrics of removals."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import torch

from bench.errors import DataError
from bench.evaluation.judging import segment_references
from bench.evaluation.masked_samples import MaskedSample
from bench.evaluation.plan import Plan
from bench.pictures import stack_pictures
from bench.vocabulary import VOID, Dataset, Judge, whole_split

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["judge_without", "picture_without"]

_MOST_TRIED = 100


def judge_without(plan: Plan, judge: Judge, samples: Sequence[MaskedSample]) -> torch.Tensor | None:
    """What a judge sees in pictures without the removed objects, uint8 [N, H, W]; VOID where there is no such picture.

    None where no metric of the plan asks for it.
    """
    if not any(metric.ceiling_of and metric.tasks == ("removal",) for metric in plan.measurement.of_images):
        return None
    pictures = [picture_without(plan.dataset, masked) for masked in samples]
    seen = [
        None if picture is None else segment_references(judge, stack_pictures([picture]), plan.device)[0]
        for picture in pictures
    ]
    unknown = torch.full(samples[0].hole.shape, VOID, dtype=torch.uint8)
    return torch.stack([unknown if labels is None else labels for labels in seen])


def picture_without(dataset: Dataset, masked: MaskedSample) -> Picture | None:
    """A picture that shows nothing of the removed class in the hole, uint8 [H, W, 3]; None where there is none.

    The truth of the removal, where there is one. Elsewhere another picture of the whole split: the next one after the
    sample's, around the end of the split, that can be read, is as large, has labels at half of the hole's pixels or
    more, and the class at none of them; of the next 100 at most. It depends neither on a limit nor on the model.

    Args:
        dataset: of the sample.
        masked: a sample of a removal, with its hole.
    """
    if masked.truth is not None:
        return masked.truth.image
    removed, split = masked.removed, whole_split(dataset)
    if removed is None or removed.label is None:
        return None
    place = split.ids.index(masked.sample.id)
    for step in range(1, min(len(split), _MOST_TRIED + 1)):
        with suppress(DataError):
            other = split[(place + step) % len(split)]
            if other.image.shape == masked.sample.image.shape and other.labels is not None:
                inside = other.labels[masked.hole]
                if 2 * (inside == VOID).sum() <= inside.size and (inside != removed.label).all():
                    return other.image
    return None
