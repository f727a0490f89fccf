"""Metrics of label maps in the hole: what a model predicts, and what a judge sees."""

from __future__ import annotations

__all__: list[str] = []
