"""A fill in another colour: a cast without a change of lightness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bench.audit.distortion import Distortion, Scene
from bench.audit.painting import add_lab

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["DISTORTION"]


def _cast(scene: Scene, difference: float) -> Picture:
    if not difference:
        return scene.image
    hue = 2.0 * math.pi * scene.stream("colour-cast").uniform()
    return add_lab(scene.image, difference * np.array([0.0, math.cos(hue), math.sin(hue)]))


DISTORTION = Distortion(
    name="colour-cast",
    title="colour cast",
    unit="dE",
    grades=(2.0, 5.0, 10.0, 20.0),
    summary="All of the fill moves towards a random hue, at equal lightness; the grade is the distance in CIELAB.",
    apply=_cast,
    order=40,
)
