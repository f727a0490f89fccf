"""Holes along the outlines of labelled objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import NotApplicable, UsageError
from bench.image_files.sizes import nearest
from bench.masks.connected_components import connected_components, dilate
from bench.masks.protocol import MaskProtocol
from bench.masks.random_stream import RandomStream
from bench.removal import RemovedObject, RemovesObjects
from bench.vocabulary import VOID, Dataset, Sample, Truth, whole_split

if TYPE_CHECKING:
    from bench.vocabulary import Hole, LabelMap

__all__ = ["ObjectOfAnother", "ObjectSurroundings", "OwnObject", "RemovableObject", "object_at"]

_SMALLEST_SHARE, _LARGEST_SHARE = 0.02, 0.3
_MARGIN = 5  # pixels at a shorter side of 256
_FIRST = "object-removal@1"  # its stream picks the object of every protocol for the objects of the picture itself


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
                    return next(objects.from_one_on(stream))
        raise _error(self.name, dataset, "no object of 2 % to 30 % of a picture's area in any other picture")


class OwnObject(MaskProtocol):
    """One object of the picture itself, of 2 % to 30 % of its area, and the pixels at most 5 away from it.

    The object is a connected component of the labels. The margin of 5 pixels is for a shorter side of 256 and scales
    with it.
    """

    needs_labels = True
    task = "removal"

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:
        """The dilated silhouette; raises NotApplicable when the picture has no fitting object."""
        return _dilated(next(_components(stream, self.name, sample, dataset)), _MARGIN)

    def removed(self, sample: Sample, seed: int, dataset: Dataset) -> RemovedObject:
        """The object of the hole; raises NotApplicable where it cannot be removed, say for a lawn labelled `tree`."""
        component = next(_components(self.stream(sample, seed), self.name, sample, dataset))
        return _taken_out(sample, component, dataset)


@dataclass
class RemovableObject(MaskProtocol):
    """The same object as `object-removal@1`, or the next one that can be removed, all of it, and a margin.

    Where the data set can draw the scene without the object, the hole covers every pixel that shows it: the parts that
    a lamp post cuts off, the post of a sign, pixels of its edge. Elsewhere the object is a component of the labels.

    Attributes:
        margin: pixels around the object at a shorter side of 256; it scales with the shorter side.
        affected: whether the hole hides the object's shadow and reflections too.
    """

    needs_labels = True
    task = "removal"
    margin: int = _MARGIN
    affected: bool = False

    def stream(self, sample: Sample, seed: int) -> RandomStream:
        """The stream of `object-removal@1`, so that all margins are compared on the same objects."""
        return RandomStream(_FIRST, seed, sample.id)

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:
        """The object and its margin; raises NotApplicable when no fitting object can be removed."""
        found = _removable(stream, self.name, sample, dataset)
        if self.affected:
            area = _known(found.effects, "change with an object, its shadow included", self.name, dataset)
        else:
            area = _known(found.pixels, "show an object", self.name, dataset)
        return _dilated(area, self.margin)

    def removed(self, sample: Sample, seed: int, dataset: Dataset) -> RemovedObject:
        """What the hole of the same arguments hides."""
        return _removable(self.stream(sample, seed), self.name, sample, dataset)


class ObjectSurroundings(MaskProtocol):
    """Everything but the object that `object-removal-0` removes."""

    needs_labels = True

    def stream(self, sample: Sample, seed: int) -> RandomStream:
        """The stream of the removal protocols: this hole shows the object that they hide."""
        return RandomStream(_FIRST, seed, sample.id)

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:
        """All pixels that do not show the object; raises NotApplicable when there is no fitting object."""
        found = _removable(stream, self.name, sample, dataset)
        return ~_known(found.pixels, "show an object", self.name, dataset)


def object_at(labels: LabelMap, row: int, column: int) -> Hole:
    """The connected component of a label map at a pixel, of any class, and the pixels at most 5 away from it.

    Args:
        labels: uint8 [H, W].
        row, column: of the pixel.

    Returns:
        bool [H, W]; the margin is that of `object-removal@1`.

    Raises:
        UsageError: the pixel lies outside the map, or has no label.
    """
    height, width = labels.shape
    if not (0 <= row < height and 0 <= column < width):
        fix = "Pick a pixel inside the picture."
        raise UsageError("pixel of an object", f"lie in {height}x{width} pixels", f"row {row}, column {column}", fix)
    if labels[row, column] == VOID:
        raise UsageError("pixel of an object", "have a class", "an unlabelled pixel", "Pick another pixel.")
    wanted = np.zeros(256, np.bool_)
    wanted[labels[row, column]] = True
    components = connected_components(np.ascontiguousarray(labels), wanted)
    return _dilated(components == components[row, column], _MARGIN)


def _known(pixels: Hole | None, which: str, protocol: str, dataset: Dataset) -> Hole:
    """The pixels; raises UsageError where the data set does not know them."""
    if pixels is None:
        subject, must = f"dataset '{dataset.name}' under protocol '{protocol}'", f"know which pixels {which}"
        raise UsageError(
            subject, must, "a data set that does not", "Use streets, or a margin such as object-removal-20."
        )
    return pixels


def _components(stream: RandomStream, protocol: str, sample: Sample, dataset: Dataset) -> Iterator[Hole]:
    """The fitting objects of a picture, from the one that the stream picks onwards; at least one.

    Raises:
        UsageError: the picture has no labels, or its data set no countable things.
        NotApplicable: the picture has no fitting object.
    """
    if sample.labels is None or not dataset.objects:
        found = "no class of countable things" if sample.labels is not None else f"'{sample.id}' without labels"
        fix = "Use a dataset with labels of cars, people or other countable things, or give masks: files:DIR."
        must = "have pictures with labelled objects"
        raise UsageError(f"dataset '{dataset.name}' under protocol '{protocol}'", must, found, fix)
    objects = _Objects(sample.labels, dataset.objects)
    if not objects.fitting:
        raise NotApplicable("no object of 2 % to 30 % of the picture's area")
    return objects.from_one_on(stream)


def _removable(stream: RandomStream, protocol: str, sample: Sample, dataset: Dataset) -> RemovedObject:
    """The first of the fitting objects that can be removed; raises NotApplicable where there is none."""
    for component in _components(stream, protocol, sample, dataset):
        with suppress(NotApplicable):
            return _taken_out(sample, component, dataset)
    raise NotApplicable("no object of 2 % to 30 % of the picture's area that can be removed")


def _taken_out(sample: Sample, component: Hole, dataset: Dataset) -> RemovedObject:
    """The removal of a component of the labels; raises NotApplicable where that is nothing that can be removed."""
    if isinstance(dataset, RemovesObjects):
        return dataset.without(sample.id, component)
    assert sample.labels is not None  # noqa: S101 (or there would be no component)
    label = int(sample.labels[component][0])
    if sample.truth is not None and _still_shows(sample.truth, sample, component, label):
        raise NotApplicable("the truth of the picture still shows the object")
    return RemovedObject(component, label, sample.truth)


def _still_shows(truth: Truth, sample: Sample, component: Hole, label: int) -> bool:
    """Whether a truth shows an object: most of it has the same label, or not one of its pixels changed."""
    if truth.labels is not None:
        return bool((truth.labels[component] == label).mean() > 0.5)
    return np.array_equal(truth.image[component], sample.image[component])


def _dilated(area: Hole, margin: int) -> Hole:
    return dilate(area, max(1, round(margin * min(area.shape) / 256))) if margin else area


class _Objects:
    """The connected components of a label map that can be holes."""

    def __init__(self, labels: LabelMap, classes: Iterable[int]) -> None:
        wanted = np.zeros(256, np.bool_)
        wanted[list(classes)] = True
        self._components = connected_components(np.ascontiguousarray(labels), wanted)
        shares = np.bincount(self._components.ravel()) / labels.size
        shares[0] = 0.0  # number 0 is what belongs to no object
        self.fitting = [int(n) for n in np.flatnonzero((shares >= _SMALLEST_SHARE) & (shares < _LARGEST_SHARE))]

    def from_one_on(self, stream: RandomStream) -> Iterator[Hole]:
        """All that fit, each as bool [H, W], from one that the stream picks onwards, around the end."""
        first = stream.integer(0, len(self.fitting) - 1)
        return (self._components == number for number in (*self.fitting[first:], *self.fitting[:first]))


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
    must = "have other pictures with labelled objects"
    return UsageError(f"dataset '{dataset.name}' under protocol '{protocol}'", must, found, fix)
