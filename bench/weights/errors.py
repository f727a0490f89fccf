"""The one error of this room; it belongs to the tree of bench.errors."""

from __future__ import annotations

from bench.errors import UsageError

__all__ = ["WeightsMissing"]


class WeightsMissing(UsageError):
    """A weight file is not at hand and could not be fetched, or is not the published one: leave the metric out."""
