"""Metrics of the rim of the hole: steps and edges that the fill makes there."""

from __future__ import annotations

__all__: list[str] = []
