"""The values of all states of all pictures, and as a file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.audit.distortion import Distortion
from bench.audit.states import State
from bench.errors import Failure

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BatchValues", "Measured"]

Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class BatchValues:
    """What was measured of some pictures; of a metric or a kind of features: name, state, places in the batch, values.

    Attributes:
        values: of a `metric.region`.
        features: [n, D].
        reasons: why a state could not be made, and of how many pictures.
    """

    values: list[tuple[str, State, tuple[int, ...], Floats]] = field(default_factory=list)
    features: list[tuple[str, State, tuple[int, ...], Features]] = field(default_factory=list)
    reasons: dict[State, Counter[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """What was measured of N pictures.

    Attributes:
        pictures: protocol and sample id of each.
        clusters: sample id of each: pictures of one sample are drawn together.
        distortions: those that were tried.
        lost: the failure that pictures are left out, since workers died at them.
        reasons: why a state could not be made, and of how many pictures.
    """

    pictures: Sequence[str]
    clusters: Sequence[str]
    distortions: Sequence[Distortion]
    lost: Failure | None = None
    reasons: dict[State, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _values: dict[tuple[str, State], Floats] = field(default_factory=dict)
    _features: dict[tuple[str, State], Features] = field(default_factory=dict)

    def put(self, rows: Sequence[int], batch: BatchValues) -> None:
        """Keep what was measured of the pictures in these rows."""
        for key, state, places, values in batch.values:
            empty = np.full(len(self.pictures), np.nan)
            self._values.setdefault((key, state), empty)[[rows[place] for place in places]] = values
        for kind, state, places, features in batch.features:
            empty = np.full((len(self.pictures), features.shape[1]), np.nan)
            self._features.setdefault((kind, state), empty)[[rows[place] for place in places]] = features
        for state, reasons in batch.reasons.items():
            self.reasons[state] += reasons

    def values(self, key: str, state: State) -> Floats:
        """Values of a `metric.region`, float64 [N]; NaN where there is none."""
        return self._values.get((key, state), np.full(len(self.pictures), np.nan))

    def features(self, kind: str, state: State) -> Features:
        """Features, float [N, D], NaN of a picture without them; [N, 0] of a state that could not be made at all."""
        return self._features.get((kind, state), np.zeros((len(self.pictures), 0)))

    def frame(self, keys: Collection[str]) -> pd.DataFrame:
        """A row for every value of these `metric.region`: key, state, picture."""
        import pandas as pd

        columns = ("metric", "distortion", "grade", "picture", "value")
        rows = [
            (key, *state, picture, value)
            for (key, state), values in self._values.items()
            for picture, value in zip(self.pictures, values.tolist(), strict=True)
            if key in keys and not np.isnan(value)
        ]
        return pd.DataFrame(rows, columns=columns).sort_values(list(columns[:-1]), kind="stable", ignore_index=True)
