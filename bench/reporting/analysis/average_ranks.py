"""Average ranks of models over pictures, and which of them cannot be told apart.

After Demsar, "Statistical comparisons of classifiers over multiple data sets" (JMLR 7, 2006), pictures being the data
sets. Groups come from pairwise Wilcoxon signed-rank tests with Holm's correction, not from Nemenyi's critical
difference: whether two models differ should not depend on which others are in the run (Benavoli, Corani and Mangili,
"Should we really use post-hoc tests based on mean-ranks?", JMLR 17, 2016).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.run_analysis import RunAnalysis
from bench.reporting.analysis.values import Floats, ProtocolValues
from bench.statistics import cluster_sums, holm, wilcoxon_p

__all__ = ["LEVEL", "AverageRanks", "average_ranks"]

LEVEL = 0.05


@dataclass(frozen=True)
class AverageRanks:
    """Models by their average rank in one metric, best first.

    Attributes:
        models: rows of the run [K].
        ranks: average rank of each [K], ascending, 1 is best; ties within a picture share the mean of their ranks.
        groups: maximal stretches of `models`, first and last place of each, in which no pair can be told apart.
        pictures: how many source pictures are behind them.
        protocols: the protocols under which all of the models were run.
    """

    models: tuple[int, ...]
    ranks: tuple[float, ...]
    groups: tuple[tuple[int, int], ...]
    pictures: int
    protocols: tuple[str, ...]


def average_ranks(
    analysis: RunAnalysis, column: Column, protocols: Collection[str] | None = None
) -> AverageRanks | None:
    """Rank the models, without oracles, on every picture under every protocol where all of them have a value.

    Values count as their metric's cap at most. An infinite value of a metric without a cap is ranked, but is in no
    test, since a difference from it has no size. Several protocols of one picture are averaged before a test. None with
    fewer than two models, or without such a picture.

    Args:
        analysis: of the run.
        column: the metric.
        protocols: which, or all of them together.
    """
    rows = _competitors(analysis)
    complete = {
        protocol: values
        for protocol, values in analysis.values.items()
        if (protocols is None or protocol in protocols)
        and column.key in values.values
        and all(any(values.status[row]) for row in rows)
    }
    shared = {protocol: _shared(values, column.key, rows) for protocol, values in complete.items()}
    shared = {protocol: (values, pictures) for protocol, (values, pictures) in shared.items() if pictures}
    if len(rows) < 2 or not shared:
        return None
    from scipy.stats import rankdata

    values = np.concatenate([of_protocol for of_protocol, _ in shared.values()], axis=1)
    pictures = [picture for _, of_protocol in shared.values() for picture in of_protocol]
    ranks = rankdata(-values if column.higher_is_better else values, axis=0).mean(axis=1)
    order = np.argsort(ranks, kind="stable")
    return AverageRanks(
        models=tuple(rows[index] for index in order),
        ranks=tuple(float(ranks[index]) for index in order),
        groups=_groups(values[order], pictures),
        pictures=len(set(pictures)),
        protocols=tuple(shared),
    )


def _competitors(analysis: RunAnalysis) -> list[int]:
    """Rows of the models that are no oracles and have a whole cell."""
    return [
        row
        for row, model in enumerate(analysis.models)
        if not model.oracle and any(model.owns(key) for key in analysis.run.cells)
    ]


def _shared(of_protocol: ProtocolValues, key: str, rows: Sequence[int]) -> tuple[Floats, list[str]]:
    """Values [K, N] of the pictures on which every model has one, and these pictures."""
    values = of_protocol.values[key][rows]
    defined = ~np.isnan(values).any(axis=0)
    return values[:, defined], [of_protocol.pictures[index] for index in np.flatnonzero(defined)]


def _groups(values: Floats, pictures: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Of models in their order, float64 [K, N]."""
    pairs = list(combinations(range(len(values)), 2))
    finite = np.where(np.isfinite(values), values, np.nan)
    differences = np.array([finite[one] - finite[other] for one, other in pairs])
    p = holm(wilcoxon_p(cluster_sums(differences.T, pictures)).tolist())
    apart = {pair for pair, corrected in zip(pairs, p, strict=True) if corrected <= LEVEL}
    groups: list[tuple[int, int]] = []
    for first in range(len(values)):
        last = first
        while last + 1 < len(values) and not any((inside, last + 1) in apart for inside in range(first, last + 1)):
            last += 1
        if last > first and not (groups and groups[-1][1] >= last):
            groups.append((first, last))
    return tuple(groups)
