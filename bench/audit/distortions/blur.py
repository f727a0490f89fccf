"""Blur, as of a model that was trained on a mean error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from bench.audit.distortion import Distortion, Scene

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["DISTORTION"]


def _blur(scene: Scene, sigma: float) -> Picture:
    if not sigma:
        return scene.image
    size = 2 * round(4 * sigma) + 1
    return cv2.GaussianBlur(scene.image, (size, size), sigma, borderType=cv2.BORDER_REFLECT_101)  # type: ignore[return-value]


DISTORTION = Distortion(
    name="blur",
    title="blur",
    unit="px",
    grades=(0.5, 1.0, 2.0, 4.0),
    summary="Gaussian blur; the grade is its standard deviation.",
    apply=_blur,
    order=10,
)
