"""Contact sheets of holes: what a mask protocol cuts, at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from bench.errors import DataError
from bench.reporting.images.grid import draw_grid
from bench.reporting.images.tiles import Tile, hatched, scaled

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["contact_sheet"]

_DARK = 40


def contact_sheet(
    holes: Sequence[Hole],
    titles: Sequence[str] = (),
    columns: int = 8,
    title: str = "",
    *,
    pictures: Sequence[Picture] | None = None,
) -> Image.Image:
    """Holes side by side, each with its title and its share of missing pixels beneath.

    Args:
        holes: bool [H, W] each, at least one, True = missing: shown white on dark, or hatched over its picture.
        titles: one a hole, or none.
        columns: tiles a row.
        title: over all of it.
        pictures: uint8 [H, W, 3], one a hole, or None.

    Raises:
        DataError: no holes, or titles or pictures that are not as many.
    """
    if not holes:
        raise DataError("a contact sheet", "have holes", "none", "Give at least one.")
    for name, given in (("titles", titles), ("pictures", pictures or ())):
        if given and len(given) != len(holes):
            raise DataError(f"{name} of a contact sheet", f"be as many as the {len(holes)} holes", str(len(given)))
    tiles = [
        Tile(
            hatched(pictures[index], hole) if pictures else scaled(_white_on_dark(hole)),
            f"{titles[index]}  {100 * hole.mean():.1f} %".strip() if titles else f"{100 * hole.mean():.1f} %",
        )
        for index, hole in enumerate(holes)
    ]
    return draw_grid([tiles[start : start + columns] for start in range(0, len(tiles), columns)], title=title)


def _white_on_dark(hole: Hole) -> Picture:
    return np.where(hole[..., None], np.uint8(255), np.uint8(_DARK)).repeat(3, axis=2)
