"""What distances between sets of pictures are computed by."""

from __future__ import annotations

__all__: list[str] = []
