"""The per-picture values of a run, one protocol at a time: shared by all tables and plots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bench.records import CellKey, Run
from bench.records.values import CellValues, Floats

if TYPE_CHECKING:
    from bench.records.schema import Status

__all__ = ["Floats", "ProtocolValues", "values_by_protocol"]


@dataclass(frozen=True)
class ProtocolValues:
    """One protocol: M models in the order of the run, N samples sorted by id.

    Attributes:
        samples: ids [N].
        pictures: what each sample was cut from [N], the SHA-256 of its pixels: samples of one picture are a cluster.
        status: of each model on each sample [M][N]; None where the cell is not whole.
        hole_share: missing pixels over all pixels, float64 [M, N]; NaN where there is no hole, or no record.
        values: `metric.region` or `metric.region.class` to float64 [M, N], as means and tests count them: none above
            its metric's cap; NaN where undefined or not scored.
        exact: to where a value was infinite as it was measured, bool [M, N]; only keys that have such a value.
    """

    samples: tuple[str, ...]
    pictures: tuple[str, ...]
    status: tuple[tuple[Status | None, ...], ...]
    hole_share: Floats
    values: dict[str, Floats]
    exact: dict[str, npt.NDArray[np.bool_]]

    def having(self, status: Status) -> npt.NDArray[np.bool_]:
        """Where a model has that status, bool [M, N]."""
        found = [[one == status for one in of_model] for of_model in self.status]
        return np.array(found, dtype=bool).reshape(self.hole_share.shape)


def values_by_protocol(run: Run) -> dict[str, ProtocolValues]:
    """Protocol to its values, in the order of the run.

    Raises:
        UsageError: when a cell was edited or damaged, lost records, or holds a sample twice.
    """
    keys = run.keys()
    return {
        protocol: _protocol_values(run, [key for key in keys if key.protocol == protocol])
        for protocol in run.info.protocols
    }


def _protocol_values(run: Run, keys: Sequence[CellKey]) -> ProtocolValues:
    cells = [run.values(key) if key in run.cells else None for key in keys]
    names = list(dict.fromkeys(name for cell in cells if cell for name in cell.values))
    pictures: dict[str, str] = {}
    for cell in cells:
        pictures = dict(zip(cell.samples, cell.pictures, strict=True)) | pictures if cell else pictures
    samples = tuple(sorted(pictures))
    place = {sample: index for index, sample in enumerate(samples)}
    hole_share = np.full((len(keys), len(samples)), math.nan)
    values = {name: np.full_like(hole_share, math.nan) for name in names}
    exact: dict[str, npt.NDArray[np.bool_]] = {}
    for index, cell in enumerate(cells):
        if cell:
            columns = [place[sample] for sample in cell.samples]
            hole_share[index, columns] = cell.hole_share
            for name, of_cell in cell.counted.items():
                values[name][index, columns] = of_cell
                infinite = np.isinf(cell.values[name])
                if infinite.any():
                    exact.setdefault(name, np.zeros(hole_share.shape, bool))[index, columns] = infinite
    status = tuple(_status(cell, samples) for cell in cells)
    return ProtocolValues(samples, tuple(pictures[sample] for sample in samples), status, hole_share, values, exact)


def _status(cell: CellValues | None, samples: Sequence[str]) -> tuple[Status | None, ...]:
    known = dict(zip(cell.samples, cell.status, strict=True)) if cell else {}
    return tuple(map(known.get, samples))
