"""Metrics of removed objects that need no truth: what a judge still sees in the hole, and what it sees anew."""

from __future__ import annotations

__all__: list[str] = []
