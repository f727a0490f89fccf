"""All protocols of a run taken together: models side by side over whatever fills of theirs are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bench.metrics import MetricKey
from bench.records import CellKey, Run, Score
from bench.reporting.analysis.groups import Group, Row
from bench.reporting.analysis.models import ListedModel
from bench.reporting.analysis.signatures import signature_without_n
from bench.reporting.analysis.values import Floats, ProtocolValues
from bench.statistics import INTERVAL, cluster_intervals, cluster_sums

__all__ = ["MIN_VALUES", "Aggregate"]

MIN_VALUES = 5
"""Values below which a model has no number."""


@dataclass(frozen=True)
class Aggregate:
    """M models and the N fills of all protocols, those of one protocol beside one another.

    Attributes:
        run: what was run.
        models: in the order of the run.
        by_protocol: their values.
        pictures: what each fill was cut from [N].
        hole_share: float64 [M, N].
        scored, failed: bool [M, N].
    """

    run: Run
    models: tuple[ListedModel, ...]
    by_protocol: Mapping[str, ProtocolValues]
    pictures: npt.NDArray[np.object_]
    hole_share: Floats
    scored: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]

    @classmethod
    def over_protocols(
        cls, run: Run, models: tuple[ListedModel, ...], by_protocol: Mapping[str, ProtocolValues]
    ) -> Aggregate:
        """All that a run holds."""
        parts = list(by_protocol.values())
        scored, failed = (np.concatenate([part.having(state) for part in parts], axis=1) for state in ("ok", "failed"))
        pictures = np.array([picture for part in parts for picture in part.pictures], dtype=object)
        hole_share = np.concatenate([part.hole_share for part in parts], axis=1)
        return cls(run, models, by_protocol, pictures, hole_share, scored, failed)

    def values(self, key: str) -> Floats:
        """`metric.region` or `metric.region.class` as means count it, float64 [M, N]; NaN where it was not measured."""
        parts = self.by_protocol.values()
        undefined = (part.values.get(key, np.full_like(part.hole_share, math.nan)) for part in parts)
        return np.concatenate(list(undefined), axis=1)

    def exact(self, key: str) -> npt.NDArray[np.bool_]:
        """Where that value was infinite as it was measured, bool [M, N]."""
        parts = self.by_protocol.values()
        found = (part.exact.get(key, np.zeros(part.hole_share.shape, bool)) for part in parts)
        return np.concatenate(list(found), axis=1)

    def group(
        self, name: str, values: Mapping[str, str], inside: npt.NDArray[np.bool_], least: int = MIN_VALUES
    ) -> Group:
        """The models over some fills.

        Args:
            name: what the fills have in common.
            values: name of each column to the key of its values, a recorded score.
            inside: which fills, bool [M, N].
            least: values below which a model has no number.
        """
        some = inside.any(axis=0)
        chosen = {name: np.where(inside, self.values(key), math.nan)[:, some] for name, key in values.items()}
        exact = {name: (inside & self.exact(key)).sum(axis=1) for name, key in values.items()}
        scored, failed = ((inside & mask).sum(axis=1).tolist() for mask in (self.scored, self.failed))
        scores = self._scores(chosen, exact, list(self.pictures[some]), least)
        rows = tuple(
            Row(model, (n, lost, 0), of_model, holes)
            for model, n, lost, of_model, holes in zip(self.models, scored, failed, scores, self._holes, strict=True)
        )
        return Group(name, None, rows, chosen, tuple(self.pictures[some]))

    def _scores(
        self,
        values: Mapping[str, Floats],
        exact: Mapping[str, npt.NDArray[np.int64]],
        pictures: Sequence[str],
        least: int,
    ) -> list[dict[str, Score]]:
        """Means of all models with their 95 % intervals, from the same draws of whole pictures."""
        if not pictures:
            return [{} for _ in self.models]
        stacked = np.concatenate(list(values.values()))
        columns = cluster_sums(np.where(np.isfinite(stacked), stacked, math.nan).T, pictures)
        counts = np.isfinite(stacked).sum(axis=1)
        facts = np.array([columns.means(), *cluster_intervals(columns), columns.used(), counts])
        facts = facts.reshape(5, len(values), len(self.models))
        return [
            {
                key: _score(self._recorded(cells, key), int(exact[key][row]), facts_of, least)
                for key, facts_of in zip(values, facts[:, :, row].T, strict=True)
            }
            for row, cells in enumerate(self._cells)
        ]

    def _recorded(self, cells: Iterable[CellKey], name: str) -> Score | None:
        """A score that says what `name` is: that of a cell that has one, or of one of its classes."""
        for scores in (self.run.values(key).scores for key in cells):
            of_class = (full for full in scores if str(replace(MetricKey.parse(full), class_name="")) == name)
            found = name if name in scores else next(of_class, None)
            if found is not None:
                return scores[found]
        return None

    @cached_property
    def _holes(self) -> list[str]:
        """Text for each model [M], equal for models that were given the same holes."""
        usual: dict[str, str] = {}
        for key, cell in self.run.cells.items():
            usual.setdefault(key.protocol, cell.holes_sha256)
        holes = [{key.protocol: self.run.cells[key].holes_sha256 for key in cells} for cells in self._cells]
        return [
            ", ".join(f"{protocol} {digest}" for protocol, digest in of_model.items() if digest != usual[protocol])
            for of_model in holes
        ]

    @cached_property
    def _cells(self) -> list[list[CellKey]]:
        """The whole cells of each model [M], of these protocols."""
        cells = [key for key in self.run.cells if key.protocol in self.by_protocol]
        return [[key for key in cells if model.owns(key)] for model in self.models]


def _score(recorded: Score | None, infinite: int, facts: Floats, least: int) -> Score:
    mean, low, high, used, n = (*map(float, facts[:4]), int(facts[4]))
    every = n if recorded and recorded.cap is not None else n + infinite
    return Score(
        value=mean if n >= least else None,
        ci95=None if n < least or math.isnan(low) else (low, high),
        n=n,
        n_infinite=infinite if every >= least and not 0 < n < least else 0,
        n_undefined=0,
        unit=recorded.unit if recorded else "",
        higher_is_better=bool(recorded and recorded.higher_is_better),
        signature=signature_without_n(recorded.signature)[0] if recorded else "",
        interval="" if n < least or math.isnan(low) else INTERVAL,
        n_pictures=int(used),
    )
