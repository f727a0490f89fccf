"""Metrics of the rim of the hole, where it borders known pixels: edges and colour steps that the fill makes there.

Both compare the fill with the truth, inside the hole. Known pixels are the truth's on both sides: where the input of a
removal differs from the truth outside the hole, because a shadow stays there, that is no fault of the fill. The true
fill scores exactly 0. The border of the picture is no rim.
"""

from __future__ import annotations

__all__: list[str] = []
