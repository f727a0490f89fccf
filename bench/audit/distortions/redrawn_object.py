"""An object where there is none; of a removal the object that was to go."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from bench.audit.distortion import Distortion, Scene
from bench.errors import NotApplicable
from bench.masks.connected_components import connected_components

if TYPE_CHECKING:
    from bench.vocabulary import Hole, LabelMap, Picture

__all__ = ["DISTORTION"]

_SMALLEST, _LARGEST = 0.005, 0.3  # share of its picture that an object takes up
_DONORS = 50  # other pictures that are asked for an object


def _add(scene: Scene, share: float) -> Picture:
    if not share:
        return scene.image
    if scene.removed is not None:
        return _left(scene, scene.removed, share)
    cut_out, outline = scene.once("cut-out", lambda: _cut_out(scene))
    area = share * int(scene.hole.sum())
    scale = math.sqrt(area / int(outline.sum()))
    middle_y, middle_x = scene.once("middle", lambda: _middle(scene))
    # the picture's pixels, as rows and columns of the cut-out
    rows = np.floor((np.arange(scene.hole.shape[0]) - middle_y) / scale + outline.shape[0] / 2).astype(np.intp)
    columns = np.floor((np.arange(scene.hole.shape[1]) - middle_x) / scale + outline.shape[1] / 2).astype(np.intp)
    inside = ((rows >= 0) & (rows < outline.shape[0]))[:, None] & ((columns >= 0) & (columns < outline.shape[1]))
    where = (rows.clip(0, outline.shape[0] - 1)[:, None], columns.clip(0, outline.shape[1] - 1)[None, :])
    return np.where((inside & outline[where])[..., None], cut_out[where], scene.image)


def _left(scene: Scene, removed: Picture, share: float) -> Picture:
    """The picture whose object is still there, from the top, in a share of the hole."""
    rows, columns = np.nonzero((removed != scene.sample.image).any(axis=-1) & scene.hole)
    count = round(share * int(scene.hole.sum()))
    if count > len(rows):
        raise NotApplicable("the object takes up less of the hole")
    picture = scene.image.copy()
    picture[rows[:count], columns[:count]] = removed[rows[:count], columns[:count]]
    return picture


def _cut_out(scene: Scene) -> tuple[Picture, Hole]:
    """An object of the picture or of another one, cropped, and its outline."""
    if scene.sample.labels is None or not scene.dataset.objects:
        raise NotApplicable("no label map with countable things")
    places = {name: place for place, name in enumerate(scene.dataset.ids)}
    names = sorted(places)  # so that the order of the data set does not matter
    own = names.index(scene.sample.id)
    for name in (names[own:] + names[:own])[:_DONORS]:
        donor = scene.dataset[places[name]]
        found = None if donor.labels is None else _largest_object(donor.labels, scene.dataset.objects)
        if found is not None:
            rows, columns = np.nonzero(found)
            box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
            return donor.image[box], found[box]
    raise NotApplicable("no whole object in any picture")


def _largest_object(labels: LabelMap, classes: tuple[int, ...]) -> Hole | None:
    """The largest connected component of a class of objects that does not touch the edge of the picture."""
    wanted = np.zeros(256, np.bool_)
    wanted[list(classes)] = True
    components = connected_components(np.ascontiguousarray(labels), wanted)
    shares = np.bincount(components.ravel()) / labels.size
    shares[0] = 0.0
    for edge in (components[0], components[-1], components[:, 0], components[:, -1]):
        shares[np.unique(edge)] = 0.0
    best = int(shares.argmax())
    return components == best if _SMALLEST <= shares[best] <= _LARGEST else None


def _middle(scene: Scene) -> tuple[int, int]:
    """The pixel of the hole that is furthest from its rim and from other objects."""
    assert scene.sample.labels is not None  # noqa: S101 (else there is no cut-out)
    free = scene.hole & ~np.isin(scene.sample.labels, scene.dataset.objects)
    if not free.any():
        raise NotApplicable("nothing but objects in the hole")
    distance = ndimage.distance_transform_edt(np.pad(free, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    return int(row), int(column)


DISTORTION = Distortion(
    name="redrawn-object",
    title="redrawn object",
    unit="",
    grades=(0.02, 0.05, 0.1, 0.2),
    summary=(
        "The largest whole object of the picture, or of the next one that has one, is drawn where the hole shows no "
        "object; of a removal the object that was to go is left, from the top. The grade is its area as a share of the "
        "hole."
    ),
    apply=_add,
    order=90,
)
