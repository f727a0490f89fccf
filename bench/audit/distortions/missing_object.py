"""Objects inside the hole that the fill leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.audit.distortion import Distortion, Scene
from bench.audit.painting import mirrored
from bench.errors import NotApplicable
from bench.removal import RemovesObjects

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["DISTORTION"]

_LEAST = 0.005  # share of the hole that objects take up


def _remove(scene: Scene, share: float) -> Picture:
    without, changed = scene.once("without objects", lambda: _without_objects(scene))
    changed = changed & scene.hole
    if changed.sum() < _LEAST * scene.hole.sum():
        raise NotApplicable("no object in the hole")
    rows, columns = np.nonzero(changed)
    count = round(share * len(rows))
    part = np.zeros_like(changed)
    part[rows[:count], columns[:count]] = True  # from the top of the picture
    return np.where(part[..., None], without, scene.image)


def _without_objects(scene: Scene) -> tuple[Picture, Hole]:
    """The scene without the objects that show in the hole, and where it changes."""
    if isinstance(scene.dataset, RemovesObjects):
        truth = scene.dataset.without(scene.sample.id, scene.hole).truth
        if truth is not None:
            return scene.redraw(truth.image), (truth.image != scene.sample.image).any(axis=-1)
    if scene.sample.labels is None or not scene.dataset.objects:
        raise NotApplicable("no label map with countable things")
    objects = np.isin(scene.sample.labels, scene.dataset.objects)
    if objects.all():
        raise NotApplicable("nothing but objects")
    return mirrored(scene.image, objects), objects


DISTORTION = Distortion(
    name="missing-object",
    title="missing object",
    unit="",
    grades=(0.25, 0.5, 0.75, 1.0),
    summary=(
        "The objects in the hole give way, from the top, to the same scene without them; where a data set has no such "
        "scene, to their mirrored surroundings. The grade is the share of their pixels."
    ),
    apply=_remove,
    order=80,
)
