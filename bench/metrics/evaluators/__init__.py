"""Metrics under the rules of other evaluators, so that the same fills can be read beside published numbers."""

from __future__ import annotations

__all__: list[str] = []
