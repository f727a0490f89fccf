"""A mask file as it is found, before anybody says which of its pixels are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.image_files.masks import MaskLevels, read_levels
from bench.masks.identification.closed_forms import ClosedForm, find_form
from bench.masks.identification.hashing import hole_sha256

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["MaskReading", "read_hole", "read_mask_file"]


@dataclass(frozen=True)
class MaskReading:
    """What a mask file holds. White are the pixels from half of full scale up; where some are transparent, the opaque.

    Attributes:
        name: of the file, for messages.
        size: height and width.
        white_sha256, black_sha256: `hole_sha256` if its white, or its black pixels are missing.
        white_share: share of white pixels.
        form: the rule that the mask follows, or None.
        grey: number of pixels that are neither black nor white, such as JPEG leaves.
        unclear: share of the pixels that are coloured, or grey between 1/4 and 3/4 of full scale.
        levels: its two values, where both lie on one side of half of full scale (0 and 1, say) and the higher is taken
            as white; else None.
        by_alpha: whether its transparent pixels decide.
    """

    name: str
    size: tuple[int, int]
    white_sha256: str
    black_sha256: str
    white_share: float
    form: ClosedForm | None
    grey: int = 0
    unclear: float = 0.0
    levels: tuple[int, int] | None = None
    by_alpha: bool = False

    @property
    def is_uniform(self) -> bool:
        """Whether all pixels are white, or none is."""
        return self.white_share in {0.0, 1.0}


def read_mask_file(path: Path, name: str) -> MaskReading:
    """Read a mask file; raises DataError as `read_levels` does."""
    levels = read_levels(path)
    white, values = _white(levels)
    opaque = levels.alpha is None
    grey = int(np.count_nonzero((levels.grey != 0) & (levels.grey != levels.full))) if opaque and not values else 0
    unclear = levels.unclear if opaque else 0.0
    return replace(read_hole(white, name), grey=grey, unclear=unclear, levels=values, by_alpha=not opaque)


def read_hole(white: Hole, name: str) -> MaskReading:
    """The reading of a mask without grey levels, bool [H, W]."""
    sha256, share = (hole_sha256(white), hole_sha256(~white)), float(white.mean())
    form = find_form(white, *sha256) if 0 < share < 1 else None
    return MaskReading(name, (white.shape[0], white.shape[1]), *sha256, white_share=share, form=form)


def _white(levels: MaskLevels) -> tuple[Hole, tuple[int, int] | None]:
    if levels.alpha is not None:
        return levels.visible, None
    white = levels.bright
    if white.any() and not white.all():
        return white, None
    low, high = int(levels.grey.min()), int(levels.grey.max())
    if low < high and bool(((levels.grey == low) | (levels.grey == high)).all()):
        return levels.grey == high, (low, high)
    return white, None
