"""Metrics of guidance: whether a judge sees in fills what a label map asks for, and how much several fills differ."""

from __future__ import annotations

__all__: list[str] = []
