"""A step along the rim of the hole that fades inwards: the fill is right but for its seam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from bench.audit.distortion import Distortion, Scene
from bench.audit.painting import add_lab, short_side
from bench.errors import NotApplicable

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["DISTORTION"]

_FADE = 1 / 32  # of the shorter side: 8 pixels at 256


def _seam(scene: Scene, step: float) -> Picture:
    """Darker where the hole is bright and brighter where it is dark, so that few colours are clipped."""
    if not step:
        return scene.image
    if scene.hole.all():
        raise NotApplicable("the hole has no rim")
    inwards = ndimage.distance_transform_edt(np.pad(scene.hole, 1, mode="edge"))[1:-1, 1:-1]
    fade = np.exp(-np.maximum(inwards - 1.0, 0.0) / short_side(scene.hole, _FADE, 2))
    sign = 1.0 if scene.sample.image[scene.hole].mean() < 128 else -1.0
    offset = np.zeros(scene.image.shape, np.float32)
    offset[..., 0] = sign * step * fade
    return add_lab(scene.image, offset)


DISTORTION = Distortion(
    name="seam",
    title="seam",
    unit="dE",
    grades=(2.0, 5.0, 10.0, 20.0),
    summary=(
        "A step of lightness along the rim that fades inwards, by a factor of e in 1/32 of the shorter side; the grade "
        "is the step in CIELAB."
    ),
    apply=_seam,
    order=50,
)
