"""What metrics of single pixels are computed by: exact sums."""

from __future__ import annotations

__all__: list[str] = []
