"""What metrics of deep features are computed by."""

from __future__ import annotations

__all__: list[str] = []
