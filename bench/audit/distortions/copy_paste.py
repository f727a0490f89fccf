"""Pieces of the same picture in the place of what the hole hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.audit.distortion import Distortion, Scene
from bench.audit.painting import clearest_patch, growing_part, short_side

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["DISTORTION"]

_SIDE = 1 / 8  # of a piece, as a share of the shorter side


def _copy(scene: Scene, share: float) -> Picture:
    side = short_side(scene.hole, _SIDE, 4)
    stream = scene.stream("copy-paste")
    part = growing_part(scene.hole, share, stream)
    pasted = scene.image.copy()
    height, width = scene.hole.shape
    for top in range(0, height, side):
        for left in range(0, width, side):
            here = (slice(top, min(top + side, height)), slice(left, min(left + side, width)))
            if not scene.hole[here].any():
                continue
            y, x, _ = clearest_patch(~scene.hole, side, stream)
            piece = scene.image[y : y + side, x : x + side][: here[0].stop - top, : here[1].stop - left]
            pasted[here] = np.where(part[here][..., None], piece, pasted[here])
    return pasted


DISTORTION = Distortion(
    name="copy-paste",
    title="copy-paste",
    unit="",
    grades=(0.1, 0.25, 0.5, 1.0),
    summary=(
        "Squares of 1/8 of the shorter side show other squares of the same picture, from outside the hole where there "
        "are such; the grade is the share of the hole."
    ),
    apply=_copy,
    order=60,
)
