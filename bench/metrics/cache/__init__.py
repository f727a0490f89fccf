"""What depends on the truth alone, computed once: in memory, and on disk."""

from __future__ import annotations

__all__: list[str] = []
