"""Known pixels of one picture, and when a change explains how they differ from those given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from bench.pictures import FAR

if TYPE_CHECKING:
    from bench.vocabulary import Hole

    Planes: TypeAlias = npt.NDArray[np.uint8]  # [3, H, W]

__all__ = ["FAR_LEVELS", "NEAR_LEVELS", "KnownSample", "explains", "take_blocks", "take_known"]

FAR_LEVELS = 255 * FAR
"""Mean difference, of 255, above which known pixels are far from those given. Autoencoders of latent diffusion stay
below 12, JPEG of quality 10 below 9; early networks such as GLCIC reach 40, with pictures that resemble those given."""
NEAR_LEVELS = 2.0
"""Mean difference up to which known pixels count as kept."""

_PIXELS = 4096
_BLOCK = 8
_FEWEST_BLOCKS = 32
_LEFT = 16.0


@dataclass(frozen=True)
class KnownSample:
    """Some known pixels, spread evenly over the known region.

    Attributes:
        raw, given: uint8 [3, H, W], the raw prediction and the untouched picture.
        rows, columns: where the pixels lie, int [K].
        values: of the raw prediction there, float32 [3, K] on the scale 0 to 255.
        expected: of the untouched picture there, likewise.
    """

    raw: Planes
    given: Planes
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    values: npt.NDArray[np.float32]
    expected: npt.NDArray[np.float32]

    @property
    def error(self) -> float:
        """Mean absolute difference of the pixels, of 255."""
        return float(np.abs(self.values - self.expected).mean())

    @property
    def correlation(self) -> float:
        """Of the values with those expected, -1 to 1; 0 where one of them is constant."""
        both = np.stack([self.values.ravel(), self.expected.ravel()])
        return float(np.corrcoef(both)[0, 1]) if both.std(axis=1).min() > 0 else 0.0


def take_known(raw: Planes, given: Planes, hole: Hole) -> KnownSample:
    """At most 4096 known pixels of a picture; `raw` and `given` are uint8 [3, H, W], `hole` is bool [H, W]."""
    known = np.flatnonzero(~hole)
    known = known[np.linspace(0, len(known) - 1, min(_PIXELS, len(known)), dtype=np.intp)]
    rows, columns = np.divmod(known, hole.shape[1])
    values, expected = (picture[:, rows, columns].astype(np.float32) for picture in (raw, given))
    return KnownSample(raw, given, rows, columns, values, expected)


def take_blocks(raw: Planes, given: Planes, hole: Hole) -> KnownSample | None:
    """The same of a picture in blocks of 8x8 pixels, whose means hold neither the noise of JPEG nor blur; None where
    too few blocks are known in all their pixels.
    """
    height, width = (side // _BLOCK for side in hole.shape)
    if height * width < _FEWEST_BLOCKS:
        return None
    part_missing = _shrink(hole.astype(np.float32), height, width) > 0
    if np.count_nonzero(~part_missing) < _FEWEST_BLOCKS:
        return None
    small_raw, small_given = (np.stack([_shrink(plane, height, width) for plane in each]) for each in (raw, given))
    return take_known(small_raw, small_given, part_missing)


def _shrink(plane: npt.NDArray[Any], height: int, width: int) -> npt.NDArray[Any]:
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA))


def explains(before: float, after: float) -> bool:
    """Whether a change explains a difference: it must halve a large one, and leave a quarter of a small one.

    Args:
        before, after: mean absolute differences, of 255, without and with the change.
    """
    return after <= min(before / (2 if before > FAR_LEVELS else 4), _LEFT)
