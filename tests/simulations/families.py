"""How often equal models are told apart in a table or a plot of ranks: `python -m tests.simulations.families`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from bench.statistics import cluster_sums, holm, sign_flip_p, wilcoxon_p
from tests.simulations.samples import Floats, print_table

CASES = ((5, 20), (5, 50), (20, 50))
COLUMNS = 3
"""Of a table: correlated metrics of the same pictures."""


def values_of_equal_models(random: np.random.Generator, models: int, pictures: int) -> Floats:
    """float64 [COLUMNS, models, pictures]; the columns are correlated, and so are the models."""
    shared = random.normal(0, 2, (1, 1, pictures)) + random.normal(0, 1, (1, models, pictures))
    return np.asarray(shared + random.normal(0, 0.5, (COLUMNS, models, pictures)))


def table_alarm(values: Floats, seed: int, *, every_pair: bool) -> bool:
    """Whether a table calls a row worse than the best one of its column; the family is all pairs, or the tests made."""
    p: list[float] = []
    for column in values:
        best = int(column.mean(axis=1).argmax())
        gains = column[best] - np.delete(column, best, axis=0)
        p += sign_flip_p(cluster_sums(gains.T), draws=2000, seed=seed).tolist()
    models = values.shape[1]
    family = COLUMNS * models * (models - 1) // 2 if every_pair else len(p)
    return min(holm([*p, *[1.0] * (family - len(p))])) <= 0.05


def rank_alarm(values: Floats) -> bool:
    """Whether the plot of average ranks tells two models apart: all pairs, in one metric."""
    differences = np.array(
        [values[0, one] - values[0, other] for one, other in combinations(range(values.shape[1]), 2)]
    )
    return min(holm(wilcoxon_p(cluster_sums(differences.T)).tolist())) <= 0.05


def rows(repeats: int = 400) -> Iterator[tuple[object, ...]]:
    """A row a number of models and pictures."""
    for models, pictures in CASES:
        alarms = np.zeros(3)
        for seed in range(repeats):
            values = values_of_equal_models(np.random.default_rng([models, pictures, seed]), models, pictures)
            pairs, made = (table_alarm(values, seed, every_pair=which) for which in (True, False))
            alarms += (pairs, made, rank_alarm(values))
        yield models, pictures, *(f"{100 * share:.1f}" for share in alarms / repeats)


if __name__ == "__main__":
    print_table(("models", "pictures", "table", "table, tests made only", "ranks"), rows())
