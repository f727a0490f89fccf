"""Quality by the measured share of missing pixels, over all protocols: what the table and the plot of it show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.records import Run, Score
from bench.reporting.pooled import FEWEST, pool_of
from bench.reporting.sections import Section
from bench.reporting.table import shown_keys
from bench.reporting.values import Floats, once_a_run, values_of

__all__ = ["FEWEST", "Bin", "bin_of", "bins_of"]


@dataclass(frozen=True)
class Bin:
    """Shares from 10 `index` % (excluded) to 10 `index` + 10 % (included).

    Attributes:
        index: 0 to 9.
        section: the models in it, over all protocols, with the `.hole` metrics; a score has no value where there are
            fewer than 5.
    """

    index: int
    section: Section

    @property
    def scores(self) -> list[Score]:
        """Of all models and metrics."""
        return [score for line in self.section.lines for score in line.scores.values()]

    @property
    def thin(self) -> bool:
        """Whether some model has values here, and too few of them."""
        return any(0 < score.n < FEWEST for score in self.scores)

    @property
    def empty(self) -> bool:
        """Whether no model has enough values."""
        return all(score.value is None for score in self.scores)


def bin_of(share: Floats) -> npt.NDArray[np.intp]:
    """Index of the bin 0-10 %, 10-20 %, ... of hole shares (0 to 1); 0.1 belongs to the first. -1 for NaN."""
    return np.where(np.isnan(share), -1, np.searchsorted(np.arange(1, 10) / 10, share, side="left"))


@once_a_run
def bins_of(run: Run) -> list[Bin]:
    """The bins that hold a fill, in order; none without a metric of the hole."""
    blocks = values_of(run).values()
    keys = [key for key in shown_keys(run) if key.endswith(".hole") and any(key in block.values for block in blocks)]
    if not keys:
        return []
    pool = pool_of(run)
    index = bin_of(pool.hole_share)
    values = {key: pool.values(key) for key in keys}
    found = np.unique(index[pool.scored]).tolist()
    titles = {bin_: f"{10 * bin_}\N{EN DASH}{10 * bin_ + 10} % missing" for bin_ in found}
    return [Bin(bin_, pool.section(titles[bin_], values, index == bin_)) for bin_ in found]
