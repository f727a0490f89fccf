"""Metrics of deep features, picture by picture: LPIPS, and scores of several fills of one hole."""

from __future__ import annotations

__all__: list[str] = []
