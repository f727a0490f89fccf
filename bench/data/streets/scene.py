"""A scene with all that stands in it, or without some of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.data.streets.layout import paint
from bench.data.streets.street import CLASSES, OBJECTS
from bench.errors import NotApplicable
from bench.removal import RemovedObject
from bench.vocabulary import Truth

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.data.streets.randomness import Stream
    from bench.vocabulary import Hole, LabelMap

__all__ = ["draw", "draw_without"]


def draw(stream: Stream, height: int, width: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The picture uint8 [H, W, 3] of a stream's scene and its label map uint8 [H, W]."""
    return paint(stream, height, width).resolve()


def draw_without(stream: Stream, height: int, width: int, region: Hole) -> RemovedObject:
    """The scene without the countable things that give pixels of a region, bool [H, W], their label.

    A thing that gives no pixel its label, because what is removed hides it, is removed as well: nobody could know of
    it.
    """
    scene = paint(stream, height, width)
    gone = scene.things(region)
    if not gone:
        raise NotApplicable("nothing countable shows in the region")
    rest, seen = paint(stream, height, width, gone), scene.things()
    while revealed := rest.things() - seen:
        gone |= revealed
        rest = paint(stream, height, width, gone)
    image, labels = scene.resolve()
    truth = Truth(*rest.resolve())
    pixels = scene.shows(gone)
    effects = pixels | (image != truth.image).any(axis=2)
    return RemovedObject(pixels, _commonest_object(labels[region & pixels], labels[pixels]), truth, effects)


def _commonest_object(*choices: LabelMap) -> int | None:
    """The class of things that most pixels have, of the first labels that have any: the posts of signs have none."""
    for labels in choices:
        counts = np.bincount(labels, minlength=len(CLASSES))
        if counts[list(OBJECTS)].any():
            return max(OBJECTS, key=lambda label: int(counts[label]))
    return None
