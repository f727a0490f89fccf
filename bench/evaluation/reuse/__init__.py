"""What an earlier call left that still fits: a finished run, recorded pictures, and how both are checked."""

from __future__ import annotations

__all__: list[str] = []
