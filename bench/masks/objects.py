"""Holes along the outlines of labelled objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import NotApplicable, UsageError
from bench.image_files.sizes import nearest
from bench.masks.connected_components import connected_components, dilate
from bench.masks.protocol import MaskProtocol
from bench.masks.random_stream import RandomStream
from bench.vocabulary import Dataset, Sample, whole_split

if TYPE_CHECKING:
    from bench.vocabulary import Hole, LabelMap

__all__ = ["ObjectOfAnother", "OwnObject"]

_SMALLEST_SHARE, _LARGEST_SHARE = 0.02, 0.3
_MARGIN = 5  # pixels at a shorter side of 256


@dataclass
class ObjectOfAnother(MaskProtocol):
    """One object of another picture, where it lies there.

    The stream picks a donor; when that one has no object of 2 % to 30 % of the area, the next donor in the order of the
    split is asked, around the whole split if need be. Of the donor's objects the stream picks one.

    Attributes:
        of_split: whether donors come from the whole split, so that the hole does not depend on a limit.
    """

    needs_labels = True
    of_split: bool = True

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:
        """The silhouette; raises UsageError when no other picture of the set has a fitting object."""
        height, width = sample.image.shape[:2]
        donors = whole_split(dataset) if self.of_split else dataset
        for donor in _donors(stream, self.name, sample, donors):
            if donor.labels is not None:
                objects = _Objects(nearest(donor.labels, height, width), dataset.objects)
                if objects.fitting:
                    return objects.pick(stream)
        raise _error(self.name, dataset, "no object of 2 % to 30 % of a picture's area in any other picture")


class OwnObject(MaskProtocol):
    """One object of the picture itself, of 2 % to 30 % of its area, and the pixels at most 5 away from it.

    The margin of 5 pixels is for a shorter side of 256 and scales with it.
    """

    needs_labels = True

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:
        """The dilated silhouette; raises NotApplicable when the picture has no fitting object."""
        if sample.labels is None or not dataset.objects:
            raise _error(self.name, dataset, "none")
        objects = _Objects(sample.labels, dataset.objects)
        if not objects.fitting:
            raise NotApplicable("no object of 2 % to 30 % of the picture's area")
        return dilate(objects.pick(stream), max(1, round(_MARGIN * min(sample.labels.shape) / 256)))


class _Objects:
    """The connected components of a label map that can be holes."""

    def __init__(self, labels: LabelMap, classes: Iterable[int]) -> None:
        wanted = np.zeros(256, np.bool_)
        wanted[list(classes)] = True
        self._components = connected_components(np.ascontiguousarray(labels), wanted)
        shares = np.bincount(self._components.ravel()) / labels.size
        shares[0] = 0.0  # number 0 is what belongs to no object
        self.fitting = [int(n) for n in np.flatnonzero((shares >= _SMALLEST_SHARE) & (shares < _LARGEST_SHARE))]

    def pick(self, stream: RandomStream) -> Hole:
        hole: Hole = self._components == self.fitting[stream.integer(0, len(self.fitting) - 1)]
        return hole


def _donors(stream: RandomStream, protocol: str, sample: Sample, dataset: Dataset) -> Iterator[Sample]:
    """All other pictures once, from one that the stream picks onwards, around the end."""
    own = dataset.ids.index(sample.id) if sample.id in dataset.ids else len(dataset)
    count = len(dataset) - (own < len(dataset))
    if not dataset.objects:
        raise _error(protocol, dataset, "none")
    if not count:
        fix = "Take two pictures or more, or another protocol."
        raise _error(protocol, dataset, f"'{sample.id}' alone", fix)
    start = stream.integer(0, count - 1)
    others = ((start + step) % count for step in range(count))
    return (dataset[index + (index >= own)] for index in others)


def _error(
    protocol: str,
    dataset: Dataset,
    found: str,
    fix: str = "Use a dataset with labels of cars, people or other countable things, or another protocol.",
) -> UsageError:
    must = "have pictures with labelled objects, and more than one for the objects of another picture"
    return UsageError(f"dataset '{dataset.name}' under protocol '{protocol}'", must, found, fix)
