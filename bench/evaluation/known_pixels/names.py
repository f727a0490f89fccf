"""Predictions under the names of other samples, found by small copies of all pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from bench.evaluation.known_pixels.sample import explains
from bench.vocabulary import StoredPredictions

if TYPE_CHECKING:
    from bench.evaluation.known_pixels.sample import Planes
    from bench.vocabulary import Hole

__all__ = ["explain_by_names", "stored_thumbnails", "thumbnail"]

Thumbnail: TypeAlias = npt.NDArray[np.uint8]  # [16, 16, 3]

_SIDE = (16, 16)


def thumbnail(picture: npt.NDArray[np.uint8]) -> Thumbnail:
    """uint8 [H, W, 3] -> uint8 [16, 16, 3], means over areas."""
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), _SIDE, interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=1)
def stored_thumbnails(model: StoredPredictions, ids: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Of all predictions of a folder, [N, 16, 16, 3]; read once for a cell."""
    return np.stack([thumbnail(model.stored(sample_id)) for sample_id in ids])


def explain_by_names(
    given: Planes, hole: Hole, place: int, places: Sequence[int], predictions: npt.NDArray[np.uint8]
) -> str:
    """Under whose name the prediction of a sample lies, or nothing.

    Args:
        given: uint8 [3, H, W], the sample's untouched picture.
        hole: bool [H, W].
        place: of the sample in the order of the data set.
        places: of the samples whose predictions are compared.
        predictions: their thumbnails, [M, 16, 16, 3].
    """
    known = cv2.resize((~hole).astype(np.float32), _SIDE, interpolation=cv2.INTER_AREA)
    weights = (known / (3 * known.sum()))[..., None]
    differences = np.abs(predictions.astype(np.float32) - thumbnail(given.transpose(1, 2, 0)))
    errors = dict(zip(places, (differences * weights).sum(axis=(1, 2, 3)).tolist(), strict=True))
    best = min(errors, key=lambda other: errors[other])
    if best == place or not explains(errors[place], errors[best]):
        return ""
    whose = {1: "the next sample", -1: "the sample before"}.get(best - place, "another sample")
    return f"the prediction lies under the name of {whose}. Name each file after its own sample."
