"""Quality by the measured share of missing pixels, over all protocols: what the table and the plot of it show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.records import CellKey, Run, Score
from bench.reporting.naming import is_oracle, model_names
from bench.reporting.notes import without_n
from bench.reporting.sections import Line, Section
from bench.reporting.table import run_columns, shown_keys
from bench.reporting.values import Block, Floats, once_a_run, values_of
from bench.statistics import cluster_intervals, cluster_sums

__all__ = ["FEWEST", "Bin", "bin_of", "bins_of"]

FEWEST = 5
"""Values below which a model has no number in a bin."""

_DRAWS = 2000


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
    blocks = list(values_of(run).values())
    keys = [key for key in shown_keys(run) if key.endswith(".hole") and any(key in block.values for block in blocks)]
    if not keys:
        return []
    index = bin_of(np.concatenate([block.hole_share for block in blocks], axis=1))
    scored, failed = (np.concatenate([block.having(status) for block in blocks], axis=1) for status in ("ok", "failed"))
    values = {key: np.concatenate([_of_key(block, key) for block in blocks], axis=1) for key in keys}
    pictures = np.array([picture for block in blocks for picture in block.pictures], dtype=object)
    models = _models(run)
    bins = []
    for bin_ in np.unique(index[scored]).tolist():
        inside = index == bin_
        some = inside.any(axis=0)
        chosen = {key: np.where(inside, of_key, math.nan)[:, some] for key, of_key in values.items()}
        counts = [
            (int(n), int(lost)) for n, lost in zip((inside & scored).sum(1), (inside & failed).sum(1), strict=True)
        ]
        scores = _scores(run, chosen, pictures[some], [model.first for model in models])
        lines = tuple(
            Line(model.name, model.oracle, (*count, 0), of_model, model.holes)
            for model, count, of_model in zip(models, counts, scores, strict=True)
        )
        title = f"{10 * bin_}\N{EN DASH}{10 * bin_ + 10} % missing"
        bins.append(Bin(bin_, Section(title, None, lines, chosen, tuple(pictures[some]))))
    return bins


@dataclass(frozen=True)
class _Model:
    """A row: `holes` is equal for models that were given the same ones, `first` one of its cells, if any is whole."""

    name: str
    oracle: bool
    holes: str
    first: CellKey | None


def _models(run: Run) -> list[_Model]:
    usual: dict[str, str] = {}
    for key, cell in run.cells.items():
        usual.setdefault(key.protocol, cell.holes_sha256)
    models, every = [], run.keys()
    for model, name in model_names(run).items():
        keys = [key for key in every if (key.model, key.fingerprint) == model]
        whole = [key for key in keys if key in run.cells]
        other = [f"{key.protocol} {run.cells[key].holes_sha256}" for key in whole]
        unusual = [holes for key, holes in zip(whole, other, strict=True) if not holes.endswith(usual[key.protocol])]
        models.append(_Model(name, is_oracle(run, keys[0]), ", ".join(unusual), whole[0] if whole else None))
    return models


def _of_key(block: Block, key: str) -> Floats:
    return block.values.get(key, np.full_like(block.hole_share, math.nan))


def _scores(
    run: Run, values: dict[str, Floats], pictures: Sequence[str], firsts: Sequence[CellKey | None]
) -> list[dict[str, Score]]:
    """Means of all models with their 95 % intervals, from the same draws of whole pictures."""
    stacked = np.concatenate(list(values.values()))
    columns = cluster_sums(np.where(np.isfinite(stacked), stacked, math.nan).T, list(pictures))
    facts = np.array([columns.means(), *cluster_intervals(columns, draws=_DRAWS)]).reshape(3, len(values), len(firsts))
    return [
        {
            key: _score(run, key, first, of_key[row], facts[:, place, row])
            for place, (key, of_key) in enumerate(values.items())
        }
        for row, first in enumerate(firsts)
    ]


def _score(run: Run, key: str, first: CellKey | None, values: Floats, facts: Floats) -> Score:
    mean, low, high = map(float, facts)
    n, infinite = int(np.isfinite(values).sum()), int(np.isinf(values).sum())
    column = run_columns(run)[key]
    recorded = run.cells[first].metrics.get(key) if first else None
    return Score(
        value=mean if n >= FEWEST else None,
        ci95=None if n < FEWEST or math.isnan(low) else (low, high),
        n=n,
        n_infinite=infinite if n + infinite >= FEWEST and not 0 < n < FEWEST else 0,
        n_undefined=0,
        unit=column.unit,
        higher_is_better=bool(column.higher_is_better),
        signature=without_n(recorded.signature)[0] if recorded else "",
    )
