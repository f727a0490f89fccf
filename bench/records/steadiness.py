"""Whether the machine was the same before and after a measurement: looks at reference kernels, against their noise.

A look is a median over a few calls. Looks that follow each other with nothing between them (A/A) show the noise of this
machine in this run. A kernel that moves by more than that, from before to after, makes the times INVALID that it binds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

__all__ = [
    "BUSY_LIMIT",
    "DRIFT_LIMIT",
    "KERNELS",
    "Looks",
    "Steadiness",
    "binding_kernels",
    "drift_limit",
    "look_noise",
]

KERNELS = ("convolution", "sum", "tiny calls")
"""The reference kernels: bound by arithmetic, by memory, by launching."""

DRIFT_LIMIT = 0.02
"""The least move of a reference kernel that counts, as a share: times of one process differ by as much anyway."""

BUSY_LIMIT = 0.8
"""Share of the time on the clock that the device works, below which a call is bound by launching."""

_DEVIATIONS = 3.0
_MOST_LIMIT = 0.1
_MOST_LIMIT_OF_LAUNCHES = 0.25
"""Moves that are never noise. Launching a kernel takes microseconds of one core, which a virtual machine interrupts."""

_NORMAL = 1.4826  # median absolute deviation to standard deviation


@dataclass(frozen=True)
class Looks:
    """One reference kernel around a measurement.

    Attributes:
        before, after: seconds of each look, in order.
        floor: noise of one look against the next one in this run (`look_noise`), as a share.
        limit: the largest move that is taken for noise (`drift_limit`), as a share.
        binds: whether this kernel judges the measurement (`binding_kernels`).
    """

    before: tuple[float, ...]
    after: tuple[float, ...]
    floor: float
    limit: float
    binds: bool

    @property
    def medians(self) -> tuple[float, float]:
        """Seconds before and after."""
        return statistics.median(self.before), statistics.median(self.after)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Looks:
        """Inverse of `dataclasses.asdict`, after JSON has made lists of the tuples."""
        return cls(**{**data, "before": tuple(data["before"]), "after": tuple(data["after"])})


@dataclass(frozen=True)
class Steadiness:
    """What the reference kernels that bind say about a measurement.

    Args:
        references: reference kernel to its seconds before and after.
        looks: what is known of the noise; a kernel without looks binds, and may move by `DRIFT_LIMIT`.
    """

    references: Mapping[str, tuple[float, float]]
    looks: Mapping[str, Looks]

    @property
    def binding(self) -> dict[str, tuple[float, float]]:
        """The references that bind."""
        return {
            name: times for name, times in self.references.items() if name not in self.looks or self.looks[name].binds
        }

    @property
    def least(self) -> dict[str, float]:
        """Kernel to the less of its seconds before and after."""
        return {name: min(times) for name, times in self.binding.items()}

    @property
    def limits(self) -> dict[str, float]:
        """Kernel to the largest move that is taken for noise, as a share."""
        return {name: self.looks[name].limit if name in self.looks else DRIFT_LIMIT for name in self.binding}

    @property
    def moves(self) -> dict[str, float]:
        """Kernel to its move from before to after, as a share."""
        return {name: after / before - 1 for name, (before, after) in self.binding.items()}

    @property
    def drift(self) -> float:
        """The largest move in either direction; 0 without references."""
        return max(map(abs, self.moves.values()), default=0.0)

    @property
    def reasons(self) -> list[str]:
        """The kernel that moved beyond its limit, as a phrase; of several the one furthest beyond."""
        limits = self.limits
        moved = {name: move for name, move in self.moves.items() if abs(move) > limits[name]}
        if not moved:
            return []
        name = max(moved, key=lambda kernel: abs(moved[kernel]) / limits[kernel])
        noise = f" (noise here: up to {100 * limits[name]:.1f} %)" if name in self.looks else ""
        return [f"reference kernel {name} moved by {100 * moved[name]:+.1f} %{noise}"]


def look_noise(series: Iterable[Sequence[float]]) -> float:
    """Standard deviation of the logarithm of one look over the one before it, from their median absolute deviation.

    Args:
        series: looks in seconds; within each series nothing lies between one look and the next.

    Returns:
        0 without two looks that follow each other.
    """
    moves = [abs(math.log(second / first)) for looks in series for first, second in pairwise(looks)]
    return _NORMAL * statistics.median(moves) if moves else 0.0


def drift_limit(kernel: str, floor: float, *, on_cpu: bool, least: float = DRIFT_LIMIT) -> float:
    """The largest move of a kernel that is taken for noise: three floors, but at least `least`.

    At most 10 %, of launches on a GPU 25 % (or `least`): on a machine that is noisier no time can be told from another.
    """
    most = _MOST_LIMIT if on_cpu or kernel != "tiny calls" else _MOST_LIMIT_OF_LAUNCHES
    return max(least, min(_DEVIATIONS * floor, most))


def binding_kernels(busy_share: float | None) -> Collection[str]:
    """The kernels that judge a call.

    Args:
        busy_share: share of the call's time that the device works; None where that is not known, as on a CPU: there the
            same cores compute and launch.
    """
    if busy_share is None:
        return KERNELS
    return ("tiny calls",) if busy_share < BUSY_LIMIT else ("convolution", "sum")
