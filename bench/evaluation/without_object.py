"""Pictures that never had a removed object: what a judge sees in them bounds the metrics of removals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.removal import RemovedObject
from bench.vocabulary import VOID, Dataset, Sample, whole_split

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["picture_without"]

_MOST_TRIED = 100


def picture_without(dataset: Dataset, sample: Sample, hole: Hole, removed: RemovedObject) -> Picture | None:
    """A picture that shows nothing of the removed class in the hole; None where there is none.

    The truth of the removal, where there is one. Elsewhere another picture of the whole split: the next one after the
    sample's, around the end of the split, that is as large, has labels at half of the hole's pixels or more, and the
    class at none of them; of the next 100 at most. It depends neither on a limit nor on the model.

    Args:
        dataset: of the sample.
        sample: whose hole is filled.
        hole: bool [H, W].
        removed: what the hole hides.

    Raises:
        DataError: a picture of the split cannot be read.
    """
    if removed.truth is not None:
        return removed.truth.image
    if removed.label is None or removed.label == VOID:
        return None
    split = whole_split(dataset)
    place = split.ids.index(sample.id)
    for step in range(1, min(len(split), _MOST_TRIED + 1)):
        other = split[(place + step) % len(split)]
        if other.labels is None or other.image.shape != sample.image.shape:
            continue
        inside = other.labels[hole]
        if 2 * (inside == VOID).sum() <= inside.size and (inside != removed.label).all():
            return other.image
    return None
