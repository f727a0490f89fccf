"""How batches go through a run: what they are given to, in which threads, and how long that takes."""

from __future__ import annotations

__all__: list[str] = []
