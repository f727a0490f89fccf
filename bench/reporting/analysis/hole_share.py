"""Quality by the measured share of missing pixels, over all protocols: what the table and the plot of it show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.records import Score
from bench.reporting.analysis.aggregate import MIN_VALUES, Aggregate
from bench.reporting.analysis.groups import Group
from bench.reporting.analysis.values import Floats

__all__ = ["HoleShareBin", "bin_of", "hole_share_bins", "protocol_families"]


@dataclass(frozen=True)
class HoleShareBin:
    """Shares from 10 `index` % (excluded) to 10 `index` + 10 % (included).

    Attributes:
        index: 0 to 9.
        group: the models in it, over all protocols, with the `.hole` metrics; a score has no value where there are
            fewer than 5.
    """

    index: int
    group: Group

    @property
    def scores(self) -> list[Score]:
        """Of all models and metrics."""
        return [score for row in self.group.rows for score in row.scores.values()]

    @property
    def thin(self) -> bool:
        """Whether some model has values here, and too few of them."""
        return any(0 < score.n < MIN_VALUES for score in self.scores)

    @property
    def empty(self) -> bool:
        """Whether no model has enough values."""
        return all(score.value is None for score in self.scores)

    def infinite_in(self, key: str) -> int:
        """Infinite values of all models in a column, which count as the metric's cap or are in no mean."""
        return sum(row.scores[key].n_infinite for row in self.group.rows)


def bin_of(share: Floats) -> npt.NDArray[np.intp]:
    """Index of the bin 0-10 %, 10-20 %, ... of hole shares (0 to 1); 0.1 belongs to the first. -1 for NaN."""
    return np.where(np.isnan(share), -1, np.searchsorted(np.arange(1, 10) / 10, share, side="left"))


def hole_share_bins(aggregate: Aggregate, keys: Sequence[str]) -> list[HoleShareBin]:
    """The bins that hold a fill, in order, with the columns `keys`."""
    index = bin_of(aggregate.hole_share)
    values = dict(zip(keys, keys, strict=True))
    found = np.unique(index[aggregate.scored]).tolist()
    titles = {bin_: f"{10 * bin_}\N{EN DASH}{10 * bin_ + 10} % missing" for bin_ in found}
    return [HoleShareBin(bin_, aggregate.group(titles[bin_], values, index == bin_)) for bin_ in found]


def protocol_families(protocols: Iterable[str]) -> Mapping[str, list[str]]:
    """Protocols of one kind of hole that differ in size alone: `irregular` of `irregular-10-20@1` to `-50-60@1`."""
    families: dict[str, list[str]] = {}
    for protocol in protocols:
        bare = protocol.partition("@")[0]
        families.setdefault(bare if ":" in bare else re.sub(r"(-\d+)+$", "", bare), []).append(protocol)
    return families
