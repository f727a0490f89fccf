"""One audit: pictures, their states, the values of all metrics, and the responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

import bench.data
import bench.masks
import bench.metrics
from bench.audit.catalogue import distortions
from bench.audit.states import REDRAWN, TRUTH, AuditedPicture, State, states_of
from bench.audit.summary import summarise
from bench.audit.values import Measured
from bench.errors import NotApplicable, UsageError
from bench.evaluation.judging import segment_pictures, segment_references
from bench.evaluation.measurement import Measurement, prepare
from bench.metrics import BatchView, MetricDefinition, MetricKey
from bench.pictures import stack_pictures
from bench.records.audit import AuditInfo, AuditRecord
from bench.removal import task_of
from bench.runtime.device import resolve_device
from bench.runtime.prefetch import Prefetcher
from bench.runtime.progress import progress_bar
from bench.statistics import INTERVAL
from bench.vocabulary import DatasetBound, Judge, Protocol

if TYPE_CHECKING:
    from bench.vocabulary import Dataset, Picture

__all__ = ["audit"]

_BATCH = 8


@dataclass(frozen=True)
class _Plan:
    """What is audited, looked up."""

    dataset: bench.data.Cached
    protocols: tuple[Protocol, ...]
    measurement: Measurement
    device: str
    seed: int


def audit(
    metrics: Sequence[str] | None = None,
    dataset: str | Dataset = "streets",
    *,
    split: str = "test",
    size: str = "256",
    limit: int | None = 24,
    data_root: str | Path | None = None,
    protocols: Sequence[str] = ("center-50",),
    judge: str | Judge | None = None,
    seed: int = 0,
    device: str = "cpu",
    progress: bool = False,
) -> tuple[AuditRecord, Measured]:
    """Distort the truth inside the holes of a data set, and take metrics of it.

    Args:
        metrics: names of the catalogue; None: all of it.
        dataset: a name, or a data set.
        split, size, limit, data_root: of the data set, if it is named.
        protocols: mask protocols, pooled: a picture with two holes counts as one picture in intervals.
        judge: segmenter for the metrics that need one; None: the one that ships for the data set, if one does.
        seed: of the holes and of the distortions.
        device: where networks work.
        progress: whether a bar is shown.

    Returns:
        The responses, and the values behind them. The same arguments give the same values, whatever the batches.

    Raises:
        UnknownName: for a metric, data set or protocol that no catalogue holds, with suggestions.
        UsageError: a protocol of removals, or one that cannot be applied to any picture.
    """
    if isinstance(dataset, str):
        dataset = bench.data.load(dataset, split, bench.data.parse_size(size), data_root, limit)
    cached = bench.data.Cached(dataset)
    device = resolve_device(device)
    wanted, refused = _wanted(metrics)
    measurement = prepare(wanted, judge, cached, device)
    plan = _Plan(cached, tuple(_protocol(name, cached) for name in protocols), measurement, device, seed)
    pictures = _pictures(plan)
    measured = _measure(plan, pictures, progress=progress)
    info = AuditInfo(
        dataset=cached.name,
        split=split,
        size=size,
        revision=cached.revision,
        protocols=tuple(protocol.name for protocol in plan.protocols),
        seed=seed,
        n=len(pictures),
        judge=measurement.judge.name if measurement.judge else "",
        interval=INTERVAL,
    )
    height, width = pictures[0].hole.shape
    signatures = measurement.signatures(height, width, size)
    taken = [bench.metrics.definition(name) for name in wanted if name in measurement.names]
    return summarise(info, measured, taken, signatures, refused | measurement.unavailable), measured


def _wanted(names: Sequence[str] | None) -> tuple[list[str], dict[str, str]]:
    """Metrics to take, and those that cannot be of a distorted truth, with the reason."""
    found = [entry.name for entry in bench.metrics.METRICS] if names is None else list(names)
    every = [bench.metrics.definition(bench.metrics.METRICS.find(name)[0].name) for name in found]
    refused = {metric.name: why for metric in every if (why := _refusal(metric))}
    if names is None:
        refused = {name: why for name, why in refused.items() if not bench.metrics.is_ceiling(name)}
    return [metric.name for metric in every if not _refusal(metric)], refused


def _refusal(metric: MetricDefinition) -> str:
    if metric.ceiling_of:
        return "it is taken of untouched pictures, and is the same for every fill"
    if "completion" not in metric.tasks:
        return "it is of removals, and the truth under a distortion still shows the object"
    if metric.fills:
        return f"it is taken of {metric.fills} fills of a hole, and a distortion is one"
    if set(metric.regions) == {"known"}:
        return "it looks outside the hole alone"
    if metric.aggregate == "set" and not metric.resampling:
        return "nothing says how far it moves with other pictures, so that its response has no unit"
    return ""


def _protocol(name: str, dataset: bench.data.Cached) -> Protocol:
    protocol = bench.masks.get(name)
    if task_of(protocol) != "completion":
        fix = "Take a protocol of completion: `spgbench ls protocols`."
        raise UsageError(f"protocol '{name}' of an audit", "hide what the fill should be", "a removal", fix)
    return protocol.for_dataset(dataset) if isinstance(protocol, DatasetBound) else protocol


def _pictures(plan: _Plan) -> list[AuditedPicture]:
    """Samples with their holes, of all protocols, in an order that does not depend on that of the data set."""
    found, reasons = [], Counter[str]()
    for protocol in plan.protocols:
        for sample in plan.dataset:
            try:
                hole = protocol.hole(sample, plan.seed, plan.dataset)
            except NotApplicable as reason:
                reasons[str(reason)] += 1
            else:
                found.append(AuditedPicture(f"{protocol.name}/{sample.id}", sample, hole))
    if not found:
        why = "; ".join(reasons)
        raise UsageError("pictures of an audit", "have a hole", why, "Take another protocol or data set.")
    return sorted(found, key=lambda one: one.key)  # half-samples are drawn by place


def _measure(plan: _Plan, pictures: Sequence[AuditedPicture], *, progress: bool) -> Measured:
    chosen = distortions()
    states = [*REDRAWN, *((one.name, grade) for one in chosen for grade in one.grades)]
    measured = Measured([one.key for one in pictures], [one.sample.id for one in pictures], chosen)

    def make(index: int) -> dict[State, Picture | str]:
        return states_of(pictures[index], plan.dataset, plan.seed, chosen)

    with (
        progress_bar(len(pictures) * len(states), "states", shown=progress, title="auditing") as advance,
        closing(Prefetcher(make, range(len(pictures)), 1, most=2 * _BATCH)) as made,
    ):
        for _, same_size in groupby(range(len(pictures)), key=lambda index: pictures[index].hole.shape):
            group = list(same_size)
            for start in range(0, len(group), _BATCH):
                rows = group[start : start + _BATCH]
                of_row = {row: next(made) for row in rows}
                for state in states:
                    _measure_state(plan, pictures, of_row, state, measured)
                    advance(len(rows))
    return measured


def _measure_state(
    plan: _Plan,
    pictures: Sequence[AuditedPicture],
    of_row: dict[int, dict[State, Picture | str]],
    state: State,
    measured: Measured,
) -> None:
    """Take all metrics of one state of some pictures."""
    there = {row: picture for row, states in of_row.items() if not isinstance(picture := states[state], str)}
    measured.reasons[state] += Counter(why for states in of_row.values() if isinstance(why := states[state], str))
    if not there:
        return
    rows = list(there)
    view = _view(plan, [pictures[row] for row in rows], stack_pictures(list(there.values())))
    names = [metric.name for metric in plan.measurement.of_images]
    for key, values in bench.metrics.measure(view, names).items():
        if not MetricKey.parse(key).class_name:
            measured.put(key, state, rows, values.cpu().numpy())
    for kind in plan.measurement.features:
        from bench.metrics.distribution.backends.extraction import completed_features, true_features

        features = completed_features(kind, view.completed, view.network_device)
        measured.put_features(kind, state, rows, features.numpy())
        if state == REDRAWN[0]:
            truth = true_features(kind, view.reference, view.network_device)
            measured.put_features(kind, TRUTH, rows, truth.numpy())


def _view(plan: _Plan, pictures: Sequence[AuditedPicture], completed: torch.Tensor) -> BatchView:
    truth = stack_pictures([one.sample.image for one in pictures])
    hole = torch.from_numpy(np.stack([one.hole for one in pictures]))[:, None]
    maps = [one.sample.labels for one in pictures if one.sample.labels is not None]
    judge = plan.measurement.judge
    return BatchView(
        truth,
        completed,
        completed,
        hole,
        torch.from_numpy(np.stack(maps)) if len(maps) == len(pictures) else None,
        judged=None if judge is None else segment_pictures(judge, completed),
        judged_truth=None if judge is None else segment_references(judge, truth, plan.device),
        classes=plan.measurement.classes,
        device=plan.device,
        objects=tuple(plan.dataset.objects),
        prompts=tuple(one.sample.prompt for one in pictures),
    )
