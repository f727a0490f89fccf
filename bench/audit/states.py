"""The states of a picture that are measured: redrawn truths, and the first of them under every distortion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bench.audit.distortion import Distortion, Scene
from bench.audit.redraw import DRAWS, redraw_direction, redrawn
from bench.errors import NotApplicable
from bench.evaluation.masked_samples import MaskedSample
from bench.vocabulary import Dataset, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["REDRAWN", "TRUTH", "AuditedPicture", "State", "states_of"]

State: TypeAlias = tuple[str, float]
"""Name of a distortion, and the grade."""

TRUTH: State = ("truth", 0.0)
REDRAWN: tuple[State, ...] = tuple(("redrawn truth", float(draw)) for draw in range(DRAWS))
"""Fills that nobody prefers to one another; the first of them is what distortions are put on."""


@dataclass(frozen=True)
class AuditedPicture:
    """A sample with a hole, and what should be in the hole.

    Attributes:
        key: protocol and sample id.
        masked: the sample with its hole.
        truth: the sample as it should be: of a removal the scene without the object.
    """

    key: str
    masked: MaskedSample
    truth: Sample

    @property
    def hole(self) -> Hole:
        """Bool [H, W], True = missing."""
        return self.masked.hole

    @property
    def removed(self) -> Picture | None:
        """The picture with the object that a removal takes out; None under completion."""
        return None if self.masked.removed is None else self.masked.sample.image

    def completed(self, fill: Picture) -> Picture:
        """The input with a fill in its hole."""
        return np.where(self.hole[..., None], fill, self.masked.sample.image)


def states_of(
    picture: AuditedPicture, dataset: Dataset, seed: int, chosen: Sequence[Distortion]
) -> dict[State, Picture | str]:
    """Every state of a picture, uint8 [H, W, 3], or the reason why there is none.

    A state depends on the picture, its hole, the data set and the seed, and on nothing else.
    """
    sample = picture.truth
    truths = [redrawn(sample.image, seed, sample.id, draw) for draw in range(DRAWS)]
    redraw: Callable[[Picture], Picture] = partial(redrawn, seed=seed, sample_id=sample.id, draw=0)
    direction = redraw_direction(seed, sample.id, 0)
    scene = Scene(sample, truths[0], picture.hole, seed, dataset, direction, redraw, picture.removed)
    found: dict[State, Picture | str] = {
        state: picture.completed(truth) for state, truth in zip(REDRAWN, truths, strict=True)
    }
    for distortion in chosen:
        for grade in distortion.grades:
            try:
                found[distortion.name, grade] = picture.completed(distortion.apply(scene, grade))
            except NotApplicable as reason:
                found[distortion.name, grade] = str(reason)
    return found
