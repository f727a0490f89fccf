"""Distances between sets of pictures: FID, KID, IDS."""

from __future__ import annotations

__all__: list[str] = []
