"""A suite resolved: catalogues looked up, cells and shards laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import bench.data
import bench.masks
import bench.metrics
import bench.models
from bench.errors import UsageError
from bench.evaluation.measurement import Measurement, prepare
from bench.evaluation.suite import Suite
from bench.records import CellKey, RunLayout
from bench.vocabulary import CellBound, Dataset, Inpainter, Judge, Protocol

__all__ = ["SHARD_SIZE", "Cell", "Plan", "resolve", "signatures"]

SHARD_SIZE = 16
"""Samples a shard: what is done again at most after a kill. Never depends on the number of workers."""


@dataclass(frozen=True)
class Cell:
    """One (model, protocol) on the run's dataset, ready to run."""

    key: CellKey
    model: Inpainter
    protocol: Protocol


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs, looked up and ready.

    Attributes:
        judge: a judge that goes in the place of the suite's.
        device: where networks work.
        given: name of a model to the text that named it; an object in memory has none.
    """

    suite: Suite
    dataset: Dataset
    protocols: tuple[Protocol, ...]
    cells: tuple[Cell, ...]
    layout: RunLayout
    device: str = "cpu"
    judge: Judge | None = None
    given: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def measurement(self) -> Measurement:
        """What is measured; found out at first use, since judges and weights are large. Raises as `prepare` does."""
        return prepare(self.suite.metrics, self.judge or self.suite.judge, self.dataset, self.device)

    def shards(self) -> list[range]:
        """Sample indices, cut in fixed steps."""
        n = len(self.dataset)
        return [range(start, min(start + SHARD_SIZE, n)) for start in range(0, n, SHARD_SIZE)]

    def shard_ids(self, shard: int) -> list[str]:
        """The sample ids of a shard, in order."""
        return [self.dataset.ids[index] for index in self.shards()[shard]]

    def gallery(self) -> list[int]:
        """Indices of the samples whose pictures are kept, spread evenly."""
        n, kept = len(self.dataset), min(self.suite.gallery, len(self.dataset))
        return [index * n // kept for index in range(kept)]


def resolve(
    suite: Suite,
    out: Path,
    device: str = "cpu",
    dataset: Dataset | None = None,
    models: Sequence[str | Inpainter] | None = None,
    judge: Judge | None = None,
) -> Plan:
    """Look up everything that `suite` names; what is at hand (`dataset`, `models`, `judge`) goes in its place.

    Raises:
        UnknownName: for a name that no catalogue holds, with suggestions.
        UsageError: when a model or protocol is named twice, or a data set, mask set or model cannot be read.
    """
    metrics = dict.fromkeys(bench.metrics.METRICS.find(name)[0].name for name in suite.metrics)
    suite = replace(suite, metrics=tuple(metrics))
    protocols = tuple(bench.masks.get(name) for name in suite.protocols)
    wanted = suite.models if models is None else models
    _refuse_doubles("protocol", [protocol.name for protocol in protocols])
    if dataset is None:
        size = bench.data.parse_size(suite.size)
        dataset = bench.data.load(suite.dataset, suite.split, size, suite.data_root, suite.limit)
    every = [
        bench.models.load_for_run(model, device, dataset.name) if isinstance(model, str) else model for model in wanted
    ]
    _refuse_doubles("model", [model.name for model in every])
    cells = tuple(_cell(model, protocol, dataset) for model in every for protocol in protocols)
    given = {model.name: text for model, text in zip(every, wanted, strict=True) if isinstance(text, str)}
    return Plan(suite, bench.data.Cached(dataset), protocols, cells, RunLayout(out), device, judge, given)


def _cell(model: Inpainter, protocol: Protocol, dataset: Dataset) -> Cell:
    bound = model.bind(protocol.name, dataset.ids) if isinstance(model, CellBound) else model
    return Cell(CellKey(model.name, model.fingerprint, protocol.name, dataset.name, dataset.revision), bound, protocol)


def _refuse_doubles(kind: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{kind} {twice[0]}", "be named once", "it twice", "Name a second one NEWNAME=MODEL.")


def signatures(plan: Plan) -> dict[str, str]:
    """`metric.region` to its signature, for every number that a cell of the plan holds."""
    height, width = plan.dataset[0].image.shape[:2]
    size = "native" if plan.suite.size == "native" else f"{height}x{width}"
    return plan.measurement.signatures(height, width, size)
