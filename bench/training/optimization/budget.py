"""How long to train, and the schedule of the learning rate."""

from __future__ import annotations

from dataclasses import dataclass

from bench.errors import UsageError

__all__ = ["Budget", "linear_decay"]


@dataclass(frozen=True)
class Budget:
    """The length of a training: a number of steps, or minutes of wall-clock time.

    Raises:
        UsageError: both or neither are given, or one that is not positive.
    """

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        given = {"steps": self.steps, "minutes": self.minutes}
        positive = [name for name, value in given.items() if value is not None and value > 0]
        if len(positive) == 1 and None in given.values():
            return
        found = " and ".join(f"{name} {value}" for name, value in given.items() if value is not None) or "neither"
        raise UsageError("training budget", "be steps or minutes, above zero", found, "Give --steps or --minutes.")

    def share(self, part: float) -> Budget:
        """A part of the budget, in (0, 1]; at least one step."""
        if self.steps is not None:
            return Budget(steps=max(1, round(self.steps * part)))
        return Budget(minutes=(self.minutes or 0.0) * part)

    def progress(self, step: int, seconds: float) -> float:
        """Share of the budget that is spent after `step` steps and `seconds`, 0 to 1."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        return min(1.0, seconds / (60 * (self.minutes or 0.0)))


def linear_decay(progress: float, constant: float) -> float:
    """Factor of the learning rate: 1 for the first `constant` share of the budget, then linear to 0 at its end.

    Source: pix2pixHD, options `niter` (constant epochs) and `niter_decay`.
    """
    return 1.0 if progress <= constant else max(0.0, (1.0 - progress) / (1.0 - constant))
