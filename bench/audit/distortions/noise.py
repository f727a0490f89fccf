"""White noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.audit.distortion import Distortion, Scene
from bench.audit.painting import normals, rounded

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["DISTORTION"]


def _noise(scene: Scene, levels: float) -> Picture:
    return rounded(scene.image.astype(np.float64) + levels * normals(scene.stream("noise"), scene.image.shape))


DISTORTION = Distortion(
    name="noise",
    title="noise",
    unit="levels",
    grades=(2.0, 5.0, 10.0, 20.0),
    summary="White Gaussian noise in each colour; the grade is its standard deviation in levels of 255.",
    apply=_noise,
    order=30,
)
