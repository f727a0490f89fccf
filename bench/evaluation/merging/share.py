"""The share of a run's shards that one call takes, for schedulers that run one command many times: `3/8`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.errors import UsageError

__all__ = ["WHOLE", "Share"]


@dataclass(frozen=True)
class Share:
    """Every `count`-th shard, from shard `number` on: all shares of one count differ by a shard at most.

    The shares depend on the pictures alone: they are the same for every number of workers, cell and machine.

    Attributes:
        number: from 1 to `count`.
        count: in how many shares the run is cut.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Share:
        """A share from `NUMBER/COUNT`; raises UsageError for anything else."""
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
        share = cls(int(found[1]), int(found[2])) if found else None
        if share is None or not 1 <= share.number <= share.count:
            raise UsageError("--shard", "be I/N with I from 1 to N", repr(text), "Give 3/8 for the third of eight.")
        return share

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole run."""
        return self.count == 1

    def holds(self, shard: int) -> bool:
        """Whether a shard, counted from 0, belongs to it."""
        return shard % self.count == self.number - 1


WHOLE = Share(1, 1)
"""All shards."""
