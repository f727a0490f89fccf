"""The time of a batch as a service sees it, from the bytes of its files to the bytes of its answers."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["COPIES", "PARTS", "QUEUE", "EndToEnd"]

QUEUE = "queue"
COPIES = ("host to device", "device to host")
PARTS = ("decode", QUEUE, COPIES[0], "hide", "inpaint", "quantise", COPIES[1], "encode")
"""In the order of the work."""


@dataclass(frozen=True)
class EndToEnd:
    """Samples of one configuration.

    Attributes:
        wall_s: seconds of each batch on the host's clock.
        parts: part to its seconds in each batch, in the order of `PARTS`. Those between the copies are taken on the
            device where that has events. `queue` is what the host waits beyond them, before the device begins and after
            it has ended, so the parts of a batch add up to its `wall_s`.
    """

    wall_s: tuple[float, ...]
    parts: dict[str, tuple[float, ...]]

    @property
    def medians(self) -> dict[str, float]:
        """Part to its median seconds."""
        return {name: statistics.median(values) for name, values in self.parts.items()}

    @property
    def latency(self) -> float:
        """Median seconds of a batch."""
        return statistics.median(self.wall_s)

    @property
    def split(self) -> dict[str, float]:
        """Median seconds of `queue`, `copy` (both copies) and `compute` (all else)."""
        sums = {kind: [0.0] * len(self.wall_s) for kind in (QUEUE, "copy", "compute")}
        for name, values in self.parts.items():
            kind = QUEUE if name == QUEUE else "copy" if name in COPIES else "compute"
            sums[kind] = [total + value for total, value in zip(sums[kind], values, strict=True)]
        return {kind: statistics.median(values) for kind, values in sums.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EndToEnd:
        """Inverse of `dataclasses.asdict`, after JSON has made lists of the tuples."""
        return cls(tuple(data["wall_s"]), {name: tuple(values) for name, values in data["parts"].items()})
