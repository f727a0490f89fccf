"""The edits of a label map, as functions: each changes hole pixels alone, and some of them, or is not applicable.

A region is an 8-connected component of one class. Every choice is drawn from the stream that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bench.errors import NotApplicable
from bench.image_files.sizes import nearest
from bench.masks.connected_components import connected_components, dilate
from bench.masks.random_stream import RandomStream
from bench.vocabulary import VOID, Dataset, Sample, whole_split

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Hole, LabelMap

    Components: TypeAlias = npt.NDArray[np.int32]

__all__ = ["RULES", "Drawing"]

_LEAST_REGION, _LEAST_OBJECT = 0.05, 0.01
"""Of the hole's pixels: a smaller region or object is not edited."""
_LARGEST_INSERTED = 0.5
_MOST_DONORS = 32


@dataclass(frozen=True)
class Drawing:
    """What an edit is drawn from.

    Attributes:
        labels: uint8 [H, W], the true label map of the sample.
        hole: bool [H, W], True = missing.
        sample: whose map it is.
        dataset: of the sample.
        stream: random numbers of the edit.
    """

    labels: LabelMap
    hole: Hole
    sample: Sample
    dataset: Dataset
    stream: RandomStream

    def one_of(self, choices: Sequence[int]) -> int:
        """One of the choices, each equally likely."""
        return choices[self.stream.integer(0, len(choices) - 1)]

    def share(self, pixels: Hole) -> float:
        """Pixels of a mask in the hole, over all pixels of the hole."""
        return float(np.count_nonzero(pixels & self.hole) / np.count_nonzero(self.hole))

    def shares(self, components: Components) -> npt.NDArray[np.float64]:
        """The same of each component, by its number; 0 for number 0."""
        counts = np.bincount(components[self.hole], minlength=int(components.max()) + 1)
        counts[0] = 0
        return counts / np.count_nonzero(self.hole)


def _none(given: Drawing) -> LabelMap:
    """The true map; raises NotApplicable where it says nothing of the hole."""
    if (given.labels[given.hole] == VOID).all():
        raise NotApplicable("no labelled pixel in the hole")
    return given.labels


def _shift(given: Drawing, pixels: int) -> LabelMap:
    """A region grown by a disc: its boundary in the hole moves outwards by so many pixels at a shorter side of 256.

    The region is a component of the whole map with 5 % of the hole or more and a known neighbour of another class in
    the hole. The same one is drawn for every distance.
    """
    components = connected_components(given.labels, _known())
    bordering = np.unique(_next_to_others(given.labels, components, given.hole))
    shares = given.shares(components)
    fitting = [int(number) for number in bordering if shares[number] >= _LEAST_REGION]
    if not fitting:
        raise NotApplicable("no region of 5 % of the hole with a boundary in the hole")
    region = components == given.one_of(fitting)
    grown = dilate(region, max(1, round(pixels * min(region.shape) / 256)))
    return np.where(grown & given.hole, given.labels[region][0], given.labels)


def _swap(given: Drawing) -> LabelMap:
    """A region of the hole with 5 % of it or more gets a class that the pixels around the region do not have.

    It is a class of the picture, or one of the data set where all of the picture's are near. Where these are near, too,
    the next region is taken.
    """
    inside = np.where(given.hole, given.labels, np.uint8(VOID))
    components = connected_components(inside, _known())
    fitting = [int(number) for number in np.flatnonzero(given.shares(components) >= _LEAST_REGION)]
    if not fitting:
        raise NotApplicable("no region of 5 % of the hole")
    in_picture = set(np.unique(given.labels).tolist()) - {VOID}
    first = given.stream.integer(0, len(fitting) - 1)
    for number in (*fitting[first:], *fitting[:first]):
        region = components == number
        near = set(np.unique(given.labels[_with_neighbours(region)]).tolist())
        others = sorted(in_picture - near) or sorted(set(range(len(given.dataset.classes))) - near)
        if others:
            return np.where(region, np.uint8(given.one_of(others)), given.labels)
    raise NotApplicable("every class of the data set is near the region already")


def _insert(given: Drawing) -> LabelMap:
    """The silhouette of an object of another picture of the split, moved into the hole, as a new region of its class.

    The object covers 1 % to 50 % of the hole and touches no border of its picture. It keeps its place, or moves the
    shortest way that puts its bounding box into that of the hole. Half of it or more lies in the hole, and no pixel of
    its class lies beside it there.
    """
    for silhouette, label in _donated(given):
        placed = _moved_into(silhouette, given.hole) & given.hole
        enough = 2 * np.count_nonzero(placed) >= np.count_nonzero(silhouette) and given.share(placed) >= _LEAST_OBJECT
        if enough and not (given.labels[_with_neighbours(placed)] == label).any():
            return np.where(placed, np.uint8(label), given.labels)
    raise NotApplicable("no object of another picture fits into the hole as a new one")


def _remove(given: Drawing) -> LabelMap:
    """An object, half of which lies in the hole or more, gives its hole pixels the nearest label of another class."""
    from scipy.ndimage import distance_transform_edt

    components = connected_components(given.labels, _known(given.dataset.objects))
    shares, sizes = given.shares(components), np.bincount(components.ravel())
    inside = shares * np.count_nonzero(given.hole)
    fitting = [int(number) for number in np.flatnonzero((shares >= _LEAST_OBJECT) & (2 * inside >= sizes))]
    if not fitting:
        raise NotApplicable("no object of 1 % of the hole, half of which lies in it")
    component = components == given.one_of(fitting)
    label = given.labels[component][0]
    usable = (given.labels != VOID) & (given.labels != label)
    if not usable.any():
        raise NotApplicable("no labelled pixel of another class in the picture")
    rows, columns = distance_transform_edt(~usable, return_distances=False, return_indices=True)
    return np.where(component & given.hole, given.labels[rows, columns], given.labels)


RULES: dict[str, Callable[[Drawing], LabelMap]] = {
    "edit-none": _none,
    "edit-shift-4": partial(_shift, pixels=4),
    "edit-shift-8": partial(_shift, pixels=8),
    "edit-shift-16": partial(_shift, pixels=16),
    "edit-swap": _swap,
    "edit-insert": _insert,
    "edit-remove": _remove,
}
"""Name of an edit to the label map that it makes, uint8 [H, W]; each raises NotApplicable."""


def _known(classes: Sequence[int] = range(VOID)) -> npt.NDArray[np.bool_]:
    """Which labels count, bool [256]."""
    wanted = np.zeros(256, np.bool_)
    wanted[list(classes)] = True
    return wanted


def _next_to_others(labels: LabelMap, components: Components, hole: Hole) -> Components:
    """Numbers of the components beside a known hole pixel of another class, with repeats."""
    found = []
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        for here, there in ((one, other), (other, one)):
            known = (labels[here] != VOID) & (labels[there] != VOID)
            reached = (labels[here] != labels[there]) & known & hole[there]
            found.append(components[here][reached])
    return np.concatenate(found)


def _with_neighbours(region: Hole) -> Hole:
    """The region and the pixels beside it, diagonally too."""
    framed = np.pad(region, 1)
    windows = np.lib.stride_tricks.sliding_window_view(framed, (3, 3))
    near: Hole = np.logical_or.reduce(windows, axis=(2, 3))
    return near


def _donated(given: Drawing) -> Iterator[tuple[Hole, int]]:
    """Silhouettes of fitting objects of other pictures of the split, and their classes, from a drawn one onwards."""
    split = whole_split(given.dataset)
    own = split.ids.index(given.sample.id) if given.sample.id in split.ids else len(split)
    others = [index for index in range(len(split)) if index != own]
    if not others or not given.dataset.objects:
        return
    first = given.stream.integer(0, len(others) - 1)
    most = _LARGEST_INSERTED * np.count_nonzero(given.hole)
    for index in (*others[first:], *others[:first])[:_MOST_DONORS]:
        labels = split[index].labels
        if labels is None:
            continue
        shown = nearest(labels, *given.labels.shape)
        components = connected_components(shown, _known(given.dataset.objects))
        cut_off = {*components[0], *components[-1], *components[:, 0], *components[:, -1]}
        sizes = np.bincount(components.ravel())
        fitting = [number for number in range(1, len(sizes)) if number not in cut_off and sizes[number] <= most]
        start = given.stream.integer(0, len(fitting) - 1) if fitting else 0
        for number in (*fitting[start:], *fitting[:start]):
            silhouette = components == number
            yield silhouette, int(shown[silhouette][0])


def _moved_into(silhouette: Hole, hole: Hole) -> Hole:
    """The silhouette, moved so that its bounding box lies in that of the hole; nothing where it is too large."""
    moved = silhouette
    for axis in (0, 1):
        inside, wanted = (np.flatnonzero(mask.any(axis=1 - axis)) for mask in (silhouette, hole))
        if inside[-1] - inside[0] > wanted[-1] - wanted[0]:
            return np.zeros_like(silhouette)
        step = max(wanted[0] - inside[0], 0) + min(wanted[-1] - inside[-1], 0)
        moved = np.roll(moved, step, axis=axis)
    return moved
