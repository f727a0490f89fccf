"""Texture of another class in the place of what the hole hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.audit.distortion import Distortion, Scene
from bench.audit.painting import clearest_patch, growing_part, short_side
from bench.errors import NotApplicable
from bench.vocabulary import VOID

if TYPE_CHECKING:
    from bench.vocabulary import LabelMap, Picture

__all__ = ["DISTORTION"]

_SIDE = 1 / 8  # of a piece of texture, as a share of the shorter side
_PURE = 0.9  # share of its pixels that are of its class


def _wrong(scene: Scene, share: float) -> Picture:
    if scene.sample.labels is None:
        raise NotApplicable("no label map")
    labels = scene.sample.labels
    wrong, (top, left), side = _texture(scene, labels)
    part = growing_part(scene.hole, share, scene.stream("wrong-class"), (labels != wrong) & (labels != VOID))
    piece = scene.image[top : top + side, left : left + side]
    tile = np.concatenate([piece, piece[::-1]])
    tile = np.concatenate([tile, tile[:, ::-1]], axis=1)  # mirrored: its edges meet
    height, width = scene.hole.shape
    rows, columns = np.arange(height) % len(tile), np.arange(width) % tile.shape[1]
    return np.where(part[..., None], tile[rows[:, None], columns[None, :]], scene.image)


def _texture(scene: Scene, labels: LabelMap) -> tuple[int, tuple[int, int], int]:
    """Class and square of the texture: of the classes outside the hole, the one that least of the hole is of."""
    stream, side = scene.stream("wrong-class-texture"), short_side(scene.hole, _SIDE, 4)
    known = labels[~scene.hole]
    classes = [int(one) for one in np.unique(known) if one != VOID]
    for one in sorted(classes, key=lambda one: (int((labels[scene.hole] == one).sum()), -int((known == one).sum()))):
        top, left, share = clearest_patch((labels == one) & ~scene.hole, side, stream)
        if share >= _PURE:
            return one, (top, left), side
    raise NotApplicable("no texture of another class outside the hole")


DISTORTION = Distortion(
    name="wrong-class",
    title="wrong class",
    unit="",
    grades=(0.1, 0.25, 0.5, 0.75),
    summary=(
        "Texture of the class of the picture that least of the hole is of, from outside the hole, grows around a "
        "random pixel; the grade is the share of the hole."
    ),
    apply=_wrong,
    order=70,
)
