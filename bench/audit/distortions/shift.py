"""A fill that is right, and in the wrong place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.audit.distortion import Distortion, Scene
from bench.audit.painting import displaced

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["DISTORTION"]


def _shift(scene: Scene, pixels: float) -> Picture:
    down, right = scene.direction  # away from the truth, on and on
    return displaced(scene.image, down * round(pixels), right * round(pixels))


DISTORTION = Distortion(
    name="shift",
    title="shift",
    unit="px",
    grades=(1.0, 2.0, 4.0, 8.0),
    summary="The fill is moved further along a random axis; the grade is how far.",
    apply=_shift,
    order=20,
)
