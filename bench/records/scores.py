"""The 95 % intervals of a cell's means, from the values of its samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bench.records.caps import capped, current_signature
from bench.records.schema import SET_INTERVAL, CellRecord, Score
from bench.records.values import CellValues
from bench.statistics import INTERVAL, cluster_intervals, cluster_sums

__all__ = ["migrated", "with_intervals"]


def with_intervals(
    scores: Mapping[str, Score], values: Mapping[str, npt.NDArray[np.float64]], pictures: Sequence[str]
) -> dict[str, Score]:
    """The scores with the intervals of their means; None with fewer than two pictures that have a value in the mean.

    Args:
        scores: means of the samples' values, by name.
        values: of the samples as they were measured, float64 [N], for each of these names.
        pictures: what picture each sample was cut from [N]: samples of one picture are no independent ones.
    """
    if not scores or not len(pictures):
        return dict(scores)
    stacked = np.column_stack([capped(values[name], score.signature) for name, score in scores.items()])
    columns = cluster_sums(np.where(np.isfinite(stacked), stacked, math.nan), pictures)
    low, high = (ends.tolist() for ends in cluster_intervals(columns))
    used = columns.used().tolist()
    return {
        name: replace(score, ci95=(low[place], high[place]), interval=INTERVAL, n_pictures=used[place])
        if used[place] > 1
        else replace(score, ci95=None, interval="", n_pictures=used[place])
        for place, (name, score) in enumerate(scores.items())
    }


def migrated(values: CellValues) -> CellRecord:
    """The summary of a cell of an earlier version, with the intervals and the caps of this one."""
    return replace(
        values.cell, metrics=_migrated(values, values.cell.metrics), by_class=_migrated(values, values.cell.by_class)
    )


def _migrated(values: CellValues, scores: Mapping[str, Score]) -> dict[str, Score]:
    means = {name: _counted(score, values.values[name]) for name, score in scores.items() if not score.of_set}
    renewed = with_intervals(means, values.values, values.pictures)
    sets = {name: _of_set(score) for name, score in scores.items() if score.of_set}
    return {name: (renewed | sets)[name] for name in scores}


def _counted(score: Score, values: npt.NDArray[np.float64]) -> Score:
    """The mean over the values [N] with the metric's cap; the very number that was recorded where no value is above."""
    now = current_signature(score.signature)
    every = capped(values, now)
    if np.array_equal(every, values, equal_nan=True):
        return replace(score, signature=now)
    finite = every[np.isfinite(every)]
    signature = now.replace(f"|n:{score.n}", f"|n:{finite.size}")
    return replace(score, value=float(finite.mean()), n=int(finite.size), signature=signature)


def _of_set(score: Score) -> Score:
    return replace(score, interval=SET_INTERVAL if score.ci95 else "", n_pictures=score.n)
