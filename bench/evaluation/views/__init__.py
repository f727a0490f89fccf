"""What metrics are handed of a batch: the pictures beside their references, and features for metrics of sets."""

from __future__ import annotations

__all__: list[str] = []
