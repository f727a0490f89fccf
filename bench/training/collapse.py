"""Whether a discriminator has got so far ahead of its generator that the generator learns nothing from it any more."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ACCURACY", "COLLAPSE", "CollapseWatch"]

ACCURACY = "accuracy"
"""Name of the logged term of an optimizer of discriminators: the share of patches that they tell apart, 0 to 1."""

COLLAPSE = "collapse"
"""Name of the value 1 that the log gets when it happens."""

_ACCURACY, _STEPS = 0.99, 500


class CollapseWatch:
    """Watches the accuracy of the discriminators of one stage; says once for each that it stayed above 99 %."""

    def __init__(self) -> None:
        self._steps: dict[str, int] = {}

    def add(self, losses: Mapping[str, float], steps: int) -> tuple[str, ...]:
        """Names of the optimizers whose accuracy has now been above 99 % for 500 steps.

        Args:
            losses: means of the loss terms over the last steps, by `optimizer.term`.
            steps: how many they were.
        """
        found = []
        for name, value in losses.items():
            optimizer, _, term = name.rpartition(".")
            if term != ACCURACY:
                continue
            before = self._steps.get(optimizer, 0)
            self._steps[optimizer] = before + steps if value > _ACCURACY else min(0, before)
            if self._steps[optimizer] >= _STEPS:
                self._steps[optimizer] = -(10**12)  # said; never again
                found.append(optimizer)
        return tuple(found)
