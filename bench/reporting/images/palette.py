"""Colours of classes that are told apart with any colour vision, and everywhere the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.vocabulary import LabelMap, Picture

__all__ = ["class_colour", "painted"]

_FIRST = bytes.fromhex(
    "56b4e9 d55e00 f0e442 0072b2 cc79a7 009e73 7800ff c0ffa8 781800 1830a8 90ffff 601860"
    "a860ff 484848 c0a860 90d8a8 d8f078 a86030 f09000 a80090 906048 ff4878 7890f0 90d8ff"
)
"""Six of Okabe and Ito, "Color Universal Design" (2008), and then always the colour that is farthest (CIE 1976) from
black and those before it, to the eye that sees it nearest: normal, or without a cone (Machado et al. 2009)."""

_ROUNDS = 12


def class_colour(label: int) -> tuple[int, int, int]:
    """Red, green and blue of a class, different for all 256; black is for pixels without a class (VOID).

    Only the first 24 are far from one another; later ones are the same, greyer from round to round.
    """
    red, green, blue = _PALETTE[label].tolist()
    return red, green, blue


def painted(labels: LabelMap) -> Picture:
    """uint8 [H, W, 3] of class indices, uint8 [H, W]."""
    return _PALETTE[labels]


def _palette() -> Picture:
    first = np.frombuffer(_FIRST, np.uint8).reshape(-1, 3).astype(int)
    rounds = [(first * (_ROUNDS - r) + 128 * r) // _ROUNDS for r in range(-(-255 // len(first)))]
    return np.append(np.concatenate(rounds)[:255], [[0, 0, 0]], axis=0).astype(np.uint8)


_PALETTE = _palette()
