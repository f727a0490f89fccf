"""How often intervals of distances between sets hold what is to be expected: `python -m tests.simulations.sets`.

Features have 16 dimensions; of two models the second is a little further from the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from bench.metrics import definition
from bench.metrics.resampling import half_sample_spread
from tests.simulations.samples import Floats, print_table

KINDS: tuple[Literal["fid", "kid"], ...] = ("fid", "kid")
PICTURES = (30, 100, 300)
DIMENSIONS = 16


def features(seed: int, pictures: int) -> tuple[Floats, list[Floats]]:
    """float64 [pictures, DIMENSIONS]: of the truth, and of two models that fill the same pictures."""
    random = np.random.default_rng([pictures, seed])
    truth = random.normal(0, 1, (pictures, DIMENSIONS))
    noise = random.normal(0, 0.5, (2, pictures, DIMENSIONS))
    return truth, [0.8 * truth + noise[0] + 0.2, 0.8 * truth + noise[1] + 0.25]


def distance(kind: str, truth: Floats, completed: Floats) -> float:
    """As recorded, without random subsets."""
    from bench.metrics import fid

    if kind == "fid":
        return float(fid(truth, completed))
    n, d = truth.shape
    within = [((one @ one.T / d + 1) ** 3) for one in (truth, completed)]
    pairs = sum((kernel.sum() - np.trace(kernel)) / (n * (n - 1)) for kernel in within)
    return float(pairs - 2 * ((truth @ completed.T / d + 1) ** 3).mean())


def rows(repeats: int = 200) -> Iterator[tuple[object, ...]]:
    """A row a distance and number of pictures: shares of intervals that hold the mean over all simulated sets."""
    for kind in KINDS:
        for pictures in PICTURES:
            values, errors = np.empty((repeats, 3)), np.empty((repeats, 3))
            for seed in range(repeats):
                truth, models = features(seed, pictures)
                one, other = (distance(kind, truth, model) for model in models)
                spread = half_sample_spread(definition(kind), truth, models, range(pictures), draws=100, seed=seed)
                values[seed] = one, other, other - one
                errors[seed] = [spread[0].std(), spread[1].std(), (spread[1] - spread[0]).std()]
            inside = np.abs(values - values.mean(axis=0)) <= 1.96 * errors
            single, _, difference = inside.mean(axis=0)
            yield kind.upper(), pictures, f"{100 * single:.1f}", f"{100 * difference:.1f}"


if __name__ == "__main__":
    print_table(("distance", "pictures", "one model", "difference of two"), rows())
