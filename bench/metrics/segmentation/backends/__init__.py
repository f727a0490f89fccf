"""What scores of label maps are computed by."""

from __future__ import annotations

__all__: list[str] = []
