"""`--limit`: fewer samples of a split, spread evenly over it: neighbours in a video are nearly the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from bench.errors import UsageError

__all__ = ["limited"]

Item = TypeVar("Item")


def limited(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """At most `limit` of the items, evenly spaced from the first on, in order; all of them for None.

    Raises:
        UsageError: when `limit` is below 1.
    """
    if limit is None:
        return items
    if limit < 1:
        raise UsageError("limit", "be at least 1", str(limit), "Leave it away for all samples.")
    count = min(limit, len(items))
    return [items[index * len(items) // count] for index in range(count)]
