"""A suite resolved: catalogues looked up, cells and shards laid out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import nsmallest
from pathlib import Path
from typing import Any, cast

import bench.data
import bench.masks
import bench.metrics
import bench.models
from bench.errors import DataError, Failure, UsageError
from bench.evaluation import worker_status
from bench.evaluation.label_edits import follows_edits
from bench.evaluation.measurement import Measurement, prepare
from bench.evaluation.removals import has_truths
from bench.evaluation.suite import Suite
from bench.records import CellKey, ModelInfo, RunLayout
from bench.removal import task_of
from bench.vocabulary import (
    REGIONS,
    Batch,
    CellBound,
    Dataset,
    DatasetBound,
    Inpainter,
    Judge,
    LabelSource,
    LabelSources,
    Prediction,
    Protocol,
    Region,
    Sample,
)

__all__ = ["SHARD_SIZE", "Cell", "Plan", "resolve", "stays_on_cpu"]

SHARD_SIZE = 16
"""Samples a shard: what is done again at most after a kill. Never depends on the number of workers."""

_SLOW = ("measurement", "measurements", "revision", "revisions", "first")


class RecordedModel:
    """A model that an earlier call ran, known by its records alone."""

    on_cpu = True

    def __init__(self, info: ModelInfo) -> None:
        self.name, self.fingerprint = info.name, info.fingerprint
        labels = {place: cast("LabelSource", source) for place, source in info.labels.items()}
        self.label_sources = LabelSources(**labels)

    def inpaint(self, batch: Batch) -> Prediction:  # noqa: ARG002 (there is no model)
        """Raises Failure: there is no model."""
        must, found = "be named in --models to fill more holes", "its records alone"
        raise Failure(f"model {self.name}", must, found)


@dataclass(frozen=True)
class Cell:
    """One (model, protocol) on the run's dataset, ready to run.

    Attributes:
        key: names the cell on disk.
        model: as the suite names it.
        protocol: cuts the holes.
        called: the model as it is called for this cell: under an edit, one that is given the edited label map.
    """

    key: CellKey
    model: Inpainter
    protocol: Protocol
    called: Inpainter

    @property
    def only_recorded(self) -> bool:
        """Whether the model is not at hand: it joined the run earlier, and this call did not name it."""
        return isinstance(self.model, RecordedModel)


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs, looked up and ready.

    Attributes:
        cells: those that the suite names, and behind them those of models that joined the run earlier.
        device: where networks work.
        judge: a judge that goes in the place of the suite's.
        given: name of a model to the text that named it; an object in memory has none.
        bad: id of a sample that cannot be read to the reason; it is skipped.
        keep_fills: whether the fill of every sample is kept.
        skip_bad: whether the run goes on without samples that cannot be read.
    """

    suite: Suite
    dataset: bench.data.Cached
    protocols: tuple[Protocol, ...]
    cells: tuple[Cell, ...]
    layout: RunLayout
    device: str = "cpu"
    judge: Judge | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    bad: Mapping[str, str] = field(default_factory=dict)
    keep_fills: bool = False
    skip_bad: bool = False

    def with_recorded(self, models: Iterable[ModelInfo]) -> Plan:
        """The plan with the cells of models that joined the run earlier, less those that it has itself."""
        known = {cell.model.name for cell in self.cells}
        others = (RecordedModel(model) for model in models if model.name not in known)
        cells = [_cell(model, protocol, self.dataset) for model in others for protocol in self.protocols]
        return self._changed(cells=(*self.cells, *cells))

    def knowing(self, *, bad: Mapping[str, str], keep_fills: bool, skip_bad: bool) -> Plan:
        """The plan with what was found out of its pictures, and with what to keep."""
        dataset = self.dataset.tolerating(bad=skip_bad)
        return self._changed(bad=bad, keep_fills=keep_fills, skip_bad=skip_bad, dataset=dataset)

    def _changed(self, **changes: Any) -> Plan:
        """A copy that keeps what took long to find out."""
        plan = replace(self, **changes)
        plan.__dict__.update({name: self.__dict__[name] for name in _SLOW if name in self.__dict__})
        return plan

    @cached_property
    def revision(self) -> str:
        """Of the data set; of one with files that cannot be read, over what can be."""
        try:
            return self.dataset.revision
        except DataError:
            return hashlib.sha256("".join(self.revisions.values()).encode()).hexdigest()

    @cached_property
    def revisions(self) -> dict[str, str]:
        """Sample id to the hash of all that the sample depends on, in order."""
        return dict(zip(self.dataset.ids, self.dataset.sample_revisions(), strict=True))

    @cached_property
    def signatures(self) -> dict[str, str]:
        """`metric.region` to its signature, for every number that some cell of the plan holds, under whatever task."""
        return self._signatures(self.measurement)

    def signatures_under(self, protocol: Protocol) -> dict[str, str]:
        """The same for the numbers of the cells of one protocol."""
        return self._signatures(self.measurements[protocol.name])

    def _signatures(self, measurement: Measurement) -> dict[str, str]:
        height, width = self.first.image.shape[:2]
        size = "native" if self.suite.size == "native" else f"{height}x{width}"
        return measurement.signatures(height, width, size)

    @cached_property
    def asked(self) -> dict[str, str]:
        """Protocol to a hash of all that a whole cell of it must hold.

        These are the pictures in their order, the metrics, the seed and which fills are kept; for a protocol that looks
        at label maps, whose holes may come from pictures beyond the limit, also the whole split.
        """
        pictures, classes = list(self.revisions.items()), self.measurement.classes

        def content(protocol: Protocol) -> list[object]:
            metrics = sorted(self.signatures_under(protocol).items())
            of_others = protocol.needs_labels or task_of(protocol) == "removal"  # holes, or pictures without an object
            beyond = self.dataset.revisions_beyond() if of_others else []
            return [pictures, metrics, classes, self.suite.seed, list(self.gallery), beyond]

        return {protocol.name: _hash(content(protocol)) for protocol in self.protocols}

    @cached_property
    def first(self) -> Sample:
        """The first sample that can be read; raises what reading the first one raises when none can."""
        strict = self.dataset.tolerating(bad=False)
        for index in range(len(strict)):
            with suppress(DataError):
                return strict[index]
        return strict[0]

    @cached_property
    def measurement(self) -> Measurement:
        """What is measured; found out at first use, since judges and weights are large. Raises as `prepare` does."""
        regions: tuple[Region, ...] = ("full",) if all(map(_covers_all, self.protocols)) else REGIONS
        return prepare(self.suite.metrics, self.judge or self.suite.judge, self.dataset, self.device, regions)

    @cached_property
    def measurements(self) -> dict[str, Measurement]:
        """Protocol to what of it is measured under that protocol."""
        strict, seed = self.dataset.tolerating(bad=False), self.suite.seed
        return {
            one.name: self.measurement.under(task_of(one), has_truths=has_truths(one, strict, seed))
            for one in self.protocols
        }

    @cached_property
    def places(self) -> dict[str, int]:
        """Sample id to its place in the data set."""
        return {sample_id: place for place, sample_id in enumerate(self.dataset.ids)}

    def shards(self) -> list[range]:
        """Sample indices, cut in fixed steps."""
        n = len(self.dataset)
        return [range(start, min(start + SHARD_SIZE, n)) for start in range(0, n, SHARD_SIZE)]

    @cached_property
    def gallery(self) -> dict[str, int]:
        """Id and index of the samples whose pictures are kept, in order: those whose ids have the smallest hashes.

        So a picture of a run that grows is kept from the beginning, or never.
        """
        good = {name: index for index, name in enumerate(self.dataset.ids) if name not in self.bad}
        kept = nsmallest(self.suite.gallery, good, key=lambda name: hashlib.sha256(name.encode()).digest())
        return {name: index for name, index in good.items() if name in kept}


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
    if dataset is None:
        size = bench.data.parse_size(suite.size)
        dataset = bench.data.load(suite.dataset, suite.split, size, suite.data_root, suite.limit, suite.split_list)
    protocols = tuple(one.for_dataset(dataset) if isinstance(one, DatasetBound) else one for one in protocols)
    _refuse_doubles("protocol", [protocol.name for protocol in protocols])
    cached = bench.data.Cached(dataset)
    every = [_load(model, device, dataset.name) if isinstance(model, str) else model for model in wanted]
    _refuse_doubles("model", [model.name for model in every])
    cells = tuple(_cell(model, protocol, cached) for model in every for protocol in protocols)
    given = {model.name: text for model, text in zip(every, wanted, strict=True) if isinstance(text, str)}
    return Plan(suite, cached, protocols, cells, RunLayout(out), device, judge, given)


def _load(model: str, device: str, dataset: str) -> Inpainter:
    worker_status.begin_loading(model)
    return bench.models.load_for_run(model, device, dataset)


def _cell(model: Inpainter, protocol: Protocol, dataset: bench.data.Cached) -> Cell:
    if _covers_all(protocol) and not isinstance(model, CellBound | RecordedModel):
        found, fix = f"model '{model.name}'", "Cut holes for models with another protocol."
        raise UsageError(f"protocol '{protocol.name}'", "be given folders of predictions alone", found, fix)
    bound = model.bind(protocol.name, dataset.ids) if isinstance(model, CellBound) else model
    key = CellKey(model.name, model.fingerprint, protocol.name, dataset.name, dataset.rules)
    return Cell(key, bound, protocol, follows_edits(bound, protocol, dataset))


def stays_on_cpu(model: Inpainter) -> bool:
    """Whether a model works on the CPU whatever the device of a run: it says so by an attribute `on_cpu`."""
    return bool(getattr(model, "on_cpu", False))


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _covers_all(protocol: Protocol) -> bool:
    return bool(getattr(protocol, "covers_all", False))


def _refuse_doubles(kind: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{kind} {twice[0]}", "be named once", "it twice", "Name a second one NEWNAME=MODEL.")
