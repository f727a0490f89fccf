"""All protocols of a run taken together: models side by side over whatever fills of theirs are asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.records import CellKey, Run, Score
from bench.reporting.naming import is_oracle, model_names
from bench.reporting.notes import without_n
from bench.reporting.sections import Line, Section
from bench.reporting.values import Block, Floats, once_a_run, values_of
from bench.statistics import INTERVAL, cluster_intervals, cluster_sums

__all__ = ["FEWEST", "Pool", "pool_of"]

FEWEST = 5
"""Values below which a model has no number."""


@dataclass(frozen=True)
class PooledModel:
    """A row.

    Attributes:
        name: what it is called.
        oracle: whether it was given true labels.
        holes: equal for models that were given the same ones.
        first: one of its cells, if any is whole.
    """

    name: str
    oracle: bool
    holes: str
    first: CellKey | None


@dataclass(frozen=True)
class Pool:
    """M models and the N fills of all protocols, one block of columns a protocol.

    Attributes:
        run: what was run.
        models: in the order of the run.
        pictures: what each fill was cut from [N].
        hole_share: float64 [M, N].
        scored, failed: bool [M, N].
    """

    run: Run
    models: tuple[PooledModel, ...]
    pictures: npt.NDArray[np.object_]
    hole_share: Floats
    scored: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]

    def values(self, key: str) -> Floats:
        """`metric.region` or `metric.region.class`, float64 [M, N]; NaN where it was not measured."""
        return np.concatenate([_of_key(block, key) for block in values_of(self.run).values()], axis=1)

    def section(
        self, title: str, values: Mapping[str, Floats], inside: npt.NDArray[np.bool_], least: int = FEWEST
    ) -> Section:
        """The models over some fills.

        Args:
            title: what the fills have in common.
            values: name of each column to float64 [M, N]; a name is the key of a recorded score, or the start of one.
            inside: which fills, bool [M, N].
            least: values below which a model has no number.
        """
        some = inside.any(axis=0)
        chosen = {key: np.where(inside, of_key, math.nan)[:, some] for key, of_key in values.items()}
        scored, failed = ((inside & mask).sum(axis=1).tolist() for mask in (self.scored, self.failed))
        scores = self._scores(chosen, list(self.pictures[some]), least)
        lines = tuple(
            Line(model.name, model.oracle, (n, lost, 0), of_model, model.holes)
            for model, n, lost, of_model in zip(self.models, scored, failed, scores, strict=True)
        )
        return Section(title, None, lines, chosen, tuple(self.pictures[some]))

    def _scores(self, values: Mapping[str, Floats], pictures: Sequence[str], least: int) -> list[dict[str, Score]]:
        """Means of all models with their 95 % intervals, from the same draws of whole pictures."""
        if not pictures:
            return [{} for _ in self.models]
        stacked = np.concatenate(list(values.values()))
        columns = cluster_sums(np.where(np.isfinite(stacked), stacked, math.nan).T, pictures)
        facts = np.array([columns.means(), *cluster_intervals(columns), columns.used()])
        facts = facts.reshape(4, len(values), len(self.models))
        return [
            {
                key: _score(_recorded(self.run, model.first, key), of_key[row], facts[:, place, row], least)
                for place, (key, of_key) in enumerate(values.items())
            }
            for row, model in enumerate(self.models)
        ]


@once_a_run
def pool_of(run: Run) -> Pool:
    """All that a run holds."""
    blocks = list(values_of(run).values())
    scored, failed = (np.concatenate([block.having(status) for block in blocks], axis=1) for status in ("ok", "failed"))
    pictures = np.array([picture for block in blocks for picture in block.pictures], dtype=object)
    return Pool(run, _models(run), pictures, np.concatenate([b.hole_share for b in blocks], axis=1), scored, failed)


def _models(run: Run) -> tuple[PooledModel, ...]:
    usual: dict[str, str] = {}
    for key, cell in run.cells.items():
        usual.setdefault(key.protocol, cell.holes_sha256)
    models, every = [], run.keys()
    for model, name in model_names(run).items():
        keys = [key for key in every if (key.model, key.fingerprint) == model]
        whole = [key for key in keys if key in run.cells]
        other = [f"{key.protocol} {run.cells[key].holes_sha256}" for key in whole]
        unusual = [holes for key, holes in zip(whole, other, strict=True) if not holes.endswith(usual[key.protocol])]
        models.append(PooledModel(name, is_oracle(run, keys[0]), ", ".join(unusual), whole[0] if whole else None))
    return tuple(models)


def _of_key(block: Block, key: str) -> Floats:
    return block.values.get(key, np.full_like(block.hole_share, math.nan))


def _recorded(run: Run, key: CellKey | None, name: str) -> Score | None:
    """A score of the cell that says what `name` is: its own, or that of one of its classes."""
    if key is None:
        return None
    scores = run.values(key).scores
    return scores.get(name) or next((score for full, score in scores.items() if full.startswith(f"{name}.")), None)


def _score(recorded: Score | None, values: Floats, facts: Floats, least: int) -> Score:
    mean, low, high, used = map(float, facts)
    n, infinite = int(np.isfinite(values).sum()), int(np.isinf(values).sum())
    return Score(
        value=mean if n >= least else None,
        ci95=None if n < least or math.isnan(low) else (low, high),
        n=n,
        n_infinite=infinite if n + infinite >= least and not 0 < n < least else 0,
        n_undefined=0,
        unit=recorded.unit if recorded else "",
        higher_is_better=bool(recorded and recorded.higher_is_better),
        signature=without_n(recorded.signature)[0] if recorded else "",
        interval="" if n < least or math.isnan(low) else INTERVAL,
        n_pictures=int(used),
    )
