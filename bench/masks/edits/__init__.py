"""Protocols that change the label map in a hole: `edit-swap:center-50` asks for another scene than the picture's."""

from __future__ import annotations

__all__: list[str] = []
