"""One audit: pictures, their states, the values of all metrics, and the responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import bench.metrics
from bench.audit.catalogue import distortions
from bench.audit.states import REDRAWN, TRUTH, AuditedPicture, State, states_of
from bench.audit.summary import summarise
from bench.audit.values import Measured
from bench.errors import UsageError
from bench.evaluation.fills.pictures import ModelOutput
from bench.evaluation.masked_samples import SkippedSample, load_masked_sample
from bench.evaluation.measurement import Measurement
from bench.evaluation.plan import Plan, resolve
from bench.evaluation.suite import Suite
from bench.evaluation.views.batch_view import make_batch_view
from bench.evaluation.views.set_features import take_features
from bench.metrics import MetricDefinition, MetricKey
from bench.pictures import stack_pictures
from bench.records.audit import AuditInfo, AuditRecord
from bench.removal import task_of
from bench.runtime.device import resolve_device
from bench.runtime.prefetch import Prefetcher
from bench.runtime.progress import progress_bar
from bench.statistics import INTERVAL
from bench.vocabulary import Judge

if TYPE_CHECKING:
    from bench.vocabulary import Dataset, Picture

__all__ = ["audit"]

_BATCH = 8


def audit(
    metrics: Sequence[str] | None = None,
    dataset: str | Dataset = "streets",
    *,
    split: str = "test",
    size: str = "256",
    limit: int | None = 24,
    data_root: str | None = None,
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
        protocols: mask protocols of one task, pooled: a picture with two holes is one picture in intervals.
        judge: segmenter for the metrics that need one; None: the one that ships for the data set, if one does.
        seed: of the holes and of the distortions.
        device: where networks work.
        progress: whether a bar is shown.

    Returns:
        The responses, and the values behind them. The same arguments give the same values, whatever the batches.

    Raises:
        UnknownName: for a metric, data set or protocol that no catalogue holds, with suggestions.
        UsageError: protocols of several tasks, or no picture with a hole and a truth.
    """
    names, refused = _wanted(metrics)
    suite = Suite("audit", (), tuple(protocols), tuple(names), split=split, size=size, limit=limit, seed=seed)
    if isinstance(dataset, str):
        suite, given = replace(suite, dataset=dataset, data_root=data_root), None
    else:
        given = dataset
    suite = replace(suite, judge=judge if isinstance(judge, str) else None)
    plan = resolve(suite, Path(), resolve_device(device), given, (), None if isinstance(judge, str) else judge)
    measurement = _measurement(plan)
    pictures = _pictures(plan)
    measurement = replace(measurement, names=tuple(one for one in measurement.names if one in names))  # no ceilings
    measured = _measure(plan, measurement, pictures, progress=progress)
    info = AuditInfo(
        dataset=plan.dataset.name,
        split="as given" if given else split,
        size=size,
        revision=plan.dataset.revision,
        protocols=tuple(protocol.name for protocol in plan.protocols),
        task=measurement.task,
        seed=seed,
        n=len(pictures),
        judge=measurement.judge.name if measurement.judge else "",
        interval=INTERVAL,
    )
    taken = [*measurement.of_images, *measurement.of_sets]
    signatures = plan.signatures_under(plan.protocols[0])
    return summarise(info, measured, taken, signatures, refused | _unavailable(measurement, names)), measured


def _wanted(names: Sequence[str] | None) -> tuple[list[str], dict[str, str]]:
    """Metrics to take, and those that cannot be of a distorted truth, with the reason."""
    listed = [entry.name for entry in bench.metrics.METRICS] if names is None else list(names)
    if not listed:
        raise UsageError("metrics of an audit", "be one or more", "none", "See `spgbench ls metrics`.")
    every = [bench.metrics.definition(bench.metrics.METRICS.find(name)[0].name) for name in listed]
    if names is None:
        every = [metric for metric in every if not _is_of_untouched(metric) and metric.translation is None]
    refused = {metric.name: why for metric in every if (why := _refusal(metric))}
    return [metric.name for metric in every if metric.name not in refused], refused


def _is_of_untouched(metric: MetricDefinition) -> bool:
    return bool(metric.ceiling_of) or metric.same_for_all


def _refusal(metric: MetricDefinition) -> str:
    if _is_of_untouched(metric):
        return "taken of untouched pictures: the same for every fill"
    if metric.fills:
        return f"taken of {metric.fills} fills of a hole: a distortion is one"
    if set(metric.regions) == {"known"}:
        return "taken outside the hole alone"
    if metric.aggregate == "set" and not metric.resampling:
        return "no noise: nothing says how far the value moves with other pictures"
    return ""


def _measurement(plan: Plan) -> Measurement:
    """What is measured under the task of all protocols."""
    tasks = {task_of(protocol) for protocol in plan.protocols}
    if "editing" in tasks:
        must, fix = (
            "have truths to distort",
            "No picture shows what an edited map asks for: take other protocols.",
        )
        raise UsageError("protocols of an audit", must, "edits of label maps", fix)
    if len(tasks) != 1:
        fix = "Audit them one after another."
        raise UsageError("protocols of an audit", "be of one task", " and ".join(sorted(tasks)) or "none", fix)
    return plan.measurements[plan.protocols[0].name]


def _unavailable(measurement: Measurement, names: Sequence[str]) -> dict[str, str]:
    """Why metrics could not be taken here, in words that do not depend on the machine."""
    needs = {name: set(bench.metrics.definition(name).needs) - {"judge"} for name in measurement.unavailable}
    absent = "weights are not at hand"
    found = {name: absent if needs[name] else reason for name, reason in measurement.unavailable.items()}
    taken = {metric.name for metric in (*measurement.of_images, *measurement.of_sets)}
    for key, why in measurement.refused.items():
        name = MetricKey.parse(key).metric
        if name in names and name not in taken:
            found.setdefault(name, why)
    return found


def _pictures(plan: Plan) -> list[AuditedPicture]:
    """Samples with their holes, of all protocols, in an order that does not depend on that of the data set."""
    found, reasons = [], Counter[str]()
    for protocol in plan.protocols:
        for index in range(len(plan.dataset)):
            masked = load_masked_sample(plan, protocol, index)
            if isinstance(masked, SkippedSample):
                reasons[masked.reason] += 1
            elif masked.truth is None:
                reasons["no picture shows what the removal should give"] += 1
            else:
                truth = replace(masked.sample, image=masked.truth.image, labels=masked.truth.labels)
                found.append(AuditedPicture(f"{protocol.name}/{truth.id}", masked, truth))
    if not found:
        why = "; ".join(reasons)
        raise UsageError("pictures of an audit", "have a hole and a truth", why, "Take another protocol or data set.")
    return sorted(found, key=lambda one: one.key)  # half-samples are drawn by place


def _measure(plan: Plan, measurement: Measurement, pictures: Sequence[AuditedPicture], *, progress: bool) -> Measured:
    chosen = distortions()
    states = [*REDRAWN, *((one.name, grade) for one in chosen for grade in one.grades)]
    measured = Measured([one.key for one in pictures], [one.truth.id for one in pictures], chosen)

    def make(index: int) -> dict[State, Picture | str]:
        return states_of(pictures[index], plan.dataset, plan.suite.seed, chosen)

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
                    batch = {row: of_row[row][state] for row in rows}
                    _measure_state(plan, measurement, pictures, batch, state, measured)
                    advance(len(rows))
    return measured


def _measure_state(
    plan: Plan,
    measurement: Measurement,
    pictures: Sequence[AuditedPicture],
    batch: dict[int, Picture | str],
    state: State,
    measured: Measured,
) -> None:
    """Take all metrics of one state of some pictures, where it could be made."""
    there = {row: picture for row, picture in batch.items() if not isinstance(picture, str)}
    measured.reasons[state] += Counter(reason for reason in batch.values() if isinstance(reason, str))
    if not there:
        return
    rows = list(there)
    outputs = [ModelOutput(picture, None) for picture in stack_pictures(list(there.values()))]
    masked = [pictures[row].masked for row in rows]
    view = make_batch_view(plan, list(zip(masked, outputs, strict=True)), nullcontext())
    for key, values in bench.metrics.measure(view, [metric.name for metric in measurement.of_images]).items():
        if not MetricKey.parse(key).class_name:
            measured.put(key, state, rows, values.cpu().numpy())
    features = take_features(measurement.features, view)
    for kind in measurement.features:
        measured.put_features(kind, state, rows, features[kind])
        if state == REDRAWN[0]:
            measured.put_features(kind, TRUTH, rows, features[f"truth-{kind}"])
