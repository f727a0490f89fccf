"""The pictures that a run keeps by score: of every cell the worst and the best, with the fills of all its models.

A shard writes all of its fills. As soon as every model has filled a shard under a protocol, the fills of pictures that
no longer are among the worst or best of any model are deleted, so that at most one shard of fills lies on the disk for
each cell beside those that stay. A picture that has dropped out of the worst and best of some shards cannot come back
in those of more shards: what stays in the end is a function of the records alone, whatever the order of the shards, the
number of workers, or an interruption. No model fills a picture twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import bench.metrics
from bench.errors import NotApplicable
from bench.evaluation.plan import Cell, Plan
from bench.pictures import png_bytes
from bench.records import Record, read_shard, write_atomically
from bench.records.cases import worst_and_best
from bench.vocabulary import Protocol

__all__ = ["CaseKeeper", "write_inputs"]


class CaseKeeper:
    """Deletes the fills that a run need not keep, while it runs.

    Args:
        plan: what is run.
        protocols: names of those that are not whole yet.
        whole: the shards of each cell of the plan that are recorded already.
    """

    def __init__(self, plan: Plan, protocols: Iterable[str], whole: Sequence[Iterable[int]]) -> None:
        self._plan, self._key, self._sign = plan, *_ranked_by(plan)
        self._protocols = set(protocols)
        self._gallery = {plan.dataset.ids[index] for index in plan.gallery()}
        self._ends: list[set[tuple[float, str]]] = [set() for _ in plan.cells]
        self._whole: list[set[int]] = [set() for _ in plan.cells]
        self._earlier = {name: self._kept_before(name) for name in self._protocols}
        self._lying: dict[str, set[str]] = {name: set() for name in self._protocols}
        self._settled: dict[str, set[int]] = {name: set() for name in self._protocols}
        for cell, shards in enumerate(whole):
            if plan.cells[cell].protocol.name in self._protocols:
                for shard in shards:
                    self._count(cell, shard)

    def add(self, cell: int, shard: int) -> None:
        """Take note that a shard of a cell is recorded, and delete what need not be kept any more."""
        self._count(cell, shard)
        self.settle(self._plan.cells[cell].protocol)

    def settle(self, protocol: Protocol) -> None:
        """Delete what need not be kept any more; write what was hidden from the models when nothing else will come."""
        places = [place for place, cell in enumerate(self._plan.cells) if cell.protocol.name == protocol.name]
        settled = set.intersection(*(self._whole[place] for place in places))
        kept = self._kept(protocol.name, places)
        lying = self._lying[protocol.name]
        lying |= {sample for shard in settled - self._settled[protocol.name] for sample in self._plan.shard_ids(shard)}
        for sample in lying - kept:
            for place in places:
                self._drop(self._plan.cells[place], sample)
        lying &= kept
        self._settled[protocol.name] = settled
        if len(settled) == len(self._plan.shards()):
            ids = list(self._plan.dataset.ids)
            write_inputs(self._plan, sorted(map(ids.index, kept)), [protocol])

    def _count(self, cell: int, shard: int) -> None:
        self._whole[cell].add(shard)
        if self._key:
            records = read_shard(self._plan.layout.shard(self._plan.cells[cell].key, shard)) or []
            worst, best = worst_and_best({*self._ends[cell], *self._costs(records)})
            self._ends[cell] = {*worst, *best}

    def _costs(self, records: Iterable[Record]) -> list[tuple[float, str]]:
        """What each usable fill costs: less is better; an exact one costs least of all."""
        values = [(record.values.get(self._key, math.nan), record.sample) for record in records]
        return [(self._sign * value, sample) for value, sample in values if not math.isnan(value)]

    def _kept(self, protocol: str, cells: Iterable[int]) -> set[str]:
        if not self._plan.suite.gallery:
            return set()
        cases = {sample for place in cells for _, sample in self._ends[place]}
        return self._gallery | self._earlier[protocol] | cases

    def _kept_before(self, protocol: str) -> set[str]:
        """The pictures that an earlier run of other models in the same folder kept."""
        return {sample for sample in self._plan.dataset.ids if self._plan.layout.hole(protocol, sample).exists()}

    def _drop(self, cell: Cell, sample: str) -> None:
        layout = self._plan.layout
        layout.fill(cell.key, sample).unlink(missing_ok=True)
        layout.predicted_labels(cell.key, sample).unlink(missing_ok=True)


def write_inputs(plan: Plan, samples: Iterable[int], protocols: Sequence[Protocol]) -> None:
    """Write the untouched pictures, label maps and holes of some samples, those that are not there yet."""
    layout = plan.layout
    for index in samples:
        sample = plan.dataset[index]
        if not layout.truth(sample.id).exists():
            write_atomically(layout.truth(sample.id), png_bytes(sample.image))
        if sample.labels is not None and not layout.labels(sample.id).exists():
            write_atomically(layout.labels(sample.id), png_bytes(sample.labels))
        for protocol in protocols:
            path = layout.hole(protocol.name, sample.id)
            if not path.exists():
                try:
                    write_atomically(path, png_bytes(protocol.hole(sample, plan.suite.seed, plan.dataset)))
                except NotApplicable:
                    continue


def _ranked_by(plan: Plan) -> tuple[str, float]:
    """The suite's first metric of single pictures in the hole as `metric.hole`, and the sign that makes it a cost."""
    measured = {metric.name: metric for metric in plan.measurement.of_images if "hole" in metric.regions}
    name = next((name for name in plan.suite.metrics if name in measured), None)
    if name is None:
        return "", 1.0
    return f"{name}.hole", -1.0 if bench.metrics.definition(name).higher_is_better else 1.0
