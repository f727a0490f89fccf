"""Whether a machine was quiet enough for a time to be believed: what was seen of it, and the limits.

A reference kernel that takes as long after a measurement as before it shows a steady machine, not a quiet one: under
steady contention every call takes several times as long. docs/explanation/timing.md says how the limits were chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Contention"]

_OTHERS_LIMIT = 0.25
"""Cores that others may take beyond those that the measurement does not need."""

_WAITED_LIMIT = 0.1
"""Share of its time that a single thread may be kept from the processor."""

_STOLEN_LIMIT = 0.05
"""Share of the cores that a hypervisor may take."""

_SLOWDOWN_LIMIT = 1.3
"""Times the best time on this machine that a reference kernel may take."""

_LOAD_LIMIT = 1.0
"""Load beyond the number of cores, where nothing better is known of others."""


@dataclass(frozen=True)
class Contention:
    """What was seen of a machine while it measured; None where the system does not tell.

    Attributes:
        cores: that can be used.
        threads: that the measurement uses.
        load: processes that ran or wanted to, on average over the minute before.
        others: cores that other processes took on average.
        stolen: cores that a hypervisor took.
        waited: share of its time that a single thread was kept from the processor, 0 to 1.
        busiest: the busiest other processes, as text.
        best: reference kernel to the best seconds that it ever took on this machine; empty at the first use.
        first_use: whether nothing was known of this machine before.
    """

    cores: int = 1
    threads: int = 1
    load: float | None = None
    others: float | None = None
    stolen: float | None = None
    waited: float | None = None
    busiest: tuple[str, ...] = ()
    best: dict[str, float] = field(default_factory=dict)
    first_use: bool = False

    def reasons(self, references: Mapping[str, float], limits: Mapping[str, float] | None = None) -> list[str]:
        """Why times that were measured then must not be believed, each a phrase; empty for a quiet machine.

        Args:
            references: reference kernel to its seconds at that time.
            limits: reference kernel to the largest move that is noise, as a share. A kernel may be slower than its best
                time by twice as much, and in any case by 30 %.
        """
        slow = self._slow(references, limits or {})
        found = [f"reference kernel {name} took {by:.1f} times its best here" for name, by in slow]
        if self.waited is not None and self.waited > _WAITED_LIMIT:
            found.append(f"a thread waited {100 * self.waited:.0f} % of its time for a core")
        if self.stolen is not None and self.stolen > _STOLEN_LIMIT * self.cores:
            found.append(f"the hypervisor took {self.stolen:.1f} of {self._cores}")
        if self.others is not None and self.others > max(0, self.cores - self.threads) + _OTHERS_LIMIT:
            found.append(f"others took {self.others:.1f} of {self._cores}")
        if self.others is None and self.load is not None and self.load > self.cores + _LOAD_LIMIT:
            found.append(f"load {self.load:.1f} on {self._cores}")
        return found

    def explained(self, references: Mapping[str, float], limits: Mapping[str, float] | None = None) -> str:
        """`load 7.9 on 2 cores; python (311) takes 180 %; ...`: all that is known, of a machine that is not quiet."""
        reasons = self.reasons(references, limits)
        if not reasons:
            return ""
        load = [] if self.load is None else [f"load {self.load:.1f} on {self._cores}"]
        return "; ".join(dict.fromkeys([*load, *self.busiest, *reasons]))

    def as_json(self) -> dict[str, Any]:
        """Plain data, for the environment of a record."""
        return {**asdict(self), "busiest": list(self.busiest)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Contention:
        """Inverse of `as_json`."""
        return cls(**{**data, "busiest": tuple(data.get("busiest", ()))})

    @property
    def _cores(self) -> str:
        return "1 core" if self.cores == 1 else f"{self.cores} cores"

    def _slow(self, references: Mapping[str, float], limits: Mapping[str, float]) -> list[tuple[str, float]]:
        by = {name: seconds / self.best[name] for name, seconds in references.items() if self.best.get(name)}
        return [
            (name, times) for name, times in by.items() if times > max(_SLOWDOWN_LIMIT, 1 + 2 * limits.get(name, 0))
        ]
