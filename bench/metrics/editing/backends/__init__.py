"""What computes the metrics of guidance."""

from __future__ import annotations

__all__: list[str] = []
