"""One audit: pictures, their states, the values of all metrics, and the responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bench.metrics
from bench.audit.batches import (
    AuditBatch,
    AuditTask,
    audited_measurement,
    cut_batches,
    make_audited,
    measure_here,
    states,
)
from bench.audit.catalogue import distortions
from bench.audit.states import AuditedPicture
from bench.audit.summary import summarise
from bench.audit.values import BatchValues, Measured
from bench.errors import Failure, UsageError
from bench.evaluation.masked_samples import SkippedSample, load_masked_sample
from bench.evaluation.measurement import Measurement
from bench.evaluation.plan import Plan, resolve
from bench.evaluation.suite import Suite
from bench.evaluation.workers.lost_units import describe_lost, name_pictures
from bench.metrics import MetricDefinition, MetricKey
from bench.records.audit import AuditInfo, AuditRecord
from bench.removal import task_of
from bench.runtime.device import resolve_device
from bench.runtime.executors.executor import Executor, Lost
from bench.runtime.progress import progress_bar
from bench.statistics import INTERVAL
from bench.vocabulary import Judge

if TYPE_CHECKING:
    from bench.vocabulary import Dataset

__all__ = ["audit"]

_BATCH = 8
"""Pictures that are measured together."""


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
    executor: Executor | None = None,
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
        executor: the engine whose workers measure the pictures; None: this process. Everything must have a name then.

    Returns:
        The responses, and the values behind them, which say whether pictures are left out since workers died. The same
        arguments give the same values, whatever the batches.

    Raises:
        UnknownName: for a metric, data set or protocol that no catalogue holds, with suggestions.
        UsageError: protocols of several tasks, no picture with a hole and a truth, or a data set or judge in memory
            with an engine.
        Failure: workers died at all pictures.
    """
    if executor and not (isinstance(dataset, str) and isinstance(judge, str | None)):
        raise UsageError("audit by an engine", "be of a data set and a judge with names", "what is in memory")
    names, refused = _wanted(metrics)
    suite = Suite("audit", (), tuple(protocols), tuple(names), split=split, size=size, limit=limit, seed=seed)
    if isinstance(dataset, str):
        suite, given = replace(suite, dataset=dataset, data_root=data_root), None
    else:
        given = dataset
    suite = replace(suite, judge=judge if isinstance(judge, str) else None)
    plan = resolve(suite, Path(), resolve_device(device), given, (), None if isinstance(judge, str) else judge)
    _refuse_tasks(plan)
    measured = _measure(plan, names, _pictures(plan), executor, progress=progress)
    measurement = audited_measurement(plan, names)
    info = AuditInfo(
        dataset=plan.dataset.name,
        split="as given" if given else split,
        size=size,
        revision=plan.dataset.revision,
        protocols=tuple(protocol.name for protocol in plan.protocols),
        task=measurement.task,
        seed=seed,
        n=len(measured.pictures),
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


def _refuse_tasks(plan: Plan) -> None:
    """Raise UsageError unless all protocols are of one task that has truths."""
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


def _pictures(plan: Plan) -> list[tuple[str, AuditedPicture]]:
    """Samples with their holes and protocols, in an order that does not depend on that of the data set."""
    found, reasons = [], Counter[str]()
    for protocol in plan.protocols:
        for index in range(len(plan.dataset)):
            masked = load_masked_sample(plan, protocol, index)
            if isinstance(masked, SkippedSample):
                reasons[masked.reason] += 1
            elif picture := make_audited(protocol, masked):
                found.append((protocol.name, picture))
            else:
                reasons["no picture shows what the removal should give"] += 1
    if not found:
        why = "; ".join(reasons)
        raise UsageError("pictures of an audit", "have a hole and a truth", why, "Take another protocol or data set.")
    return sorted(found, key=lambda one: one[1].key)  # half-samples are drawn by place


def _measure(
    plan: Plan,
    names: Sequence[str],
    pictures: Sequence[tuple[str, AuditedPicture]],
    executor: Executor | None,
    *,
    progress: bool,
) -> Measured:
    chosen, batches = distortions(), cut_batches(pictures, _BATCH)
    audited = [picture for _, picture in pictures]
    results: dict[AuditBatch, BatchValues] = {}
    lost: list[Lost[AuditBatch]] = []

    def on_result(batch: AuditBatch, result: BatchValues | Lost[AuditBatch]) -> None:
        if isinstance(result, Lost):
            lost.append(result)
        else:
            results[batch] = result

    with progress_bar(len(pictures) * len(states(chosen)), "states", shown=progress, title="auditing") as advance:
        if executor is None:
            measure_here(plan, audited_measurement(plan, names), chosen, audited, batches, on_result, advance)
        else:
            executor.run(AuditTask.of(plan, names), batches, on_result, advance)
    failure = _failure(lost)
    if failure and not results:
        raise failure
    rows = [row for batch in batches if batch in results for row in batch.rows]
    kept = [audited[row] for row in rows]
    measured = Measured([one.key for one in kept], [one.truth.id for one in kept], chosen, failure)
    places = {row: place for place, row in enumerate(rows)}
    for batch in batches:  # in their order, whatever the order of the results
        if batch in results:
            measured.put([places[row] for row in batch.rows], results[batch])
    return measured


def _failure(lost: Sequence[Lost[AuditBatch]]) -> Failure | None:
    if not lost:
        return None
    fix = "The audit has all other pictures; the same command begins again."
    return Failure("audit", "come to its end on all pictures", describe_lost(lost, _name), fix)


def _name(batch: AuditBatch) -> str:
    protocols = ", ".join(dict.fromkeys(protocol for protocol, _ in batch.pictures))
    return f"{protocols}, {name_pictures([sample_id for _, sample_id in batch.pictures])}"
