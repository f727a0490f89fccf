"""Batches of an audit: pictures that are measured together, in this process or as a task of an engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import bench.metrics
from bench.audit.catalogue import distortions
from bench.audit.distortion import Distortion
from bench.audit.states import REDRAWN, TRUTH, AuditedPicture, State, states_of
from bench.audit.values import BatchValues
from bench.evaluation import worker_status
from bench.evaluation.fills.pictures import ModelOutput
from bench.evaluation.masked_samples import MaskedSample, SkippedSample, load_masked_sample
from bench.evaluation.measurement import Measurement
from bench.evaluation.plan import Plan
from bench.evaluation.views.batch_view import make_batch_view
from bench.evaluation.views.set_features import take_features
from bench.evaluation.workers.plan_task import PlanTask, parts_of
from bench.metrics import MetricKey
from bench.pictures import stack_pictures
from bench.runtime.exact import exact_arithmetic
from bench.runtime.executors.executor import Worker
from bench.runtime.prefetch import Prefetcher
from bench.vocabulary import Protocol

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["AuditBatch", "AuditTask", "audited_measurement", "cut_batches", "make_audited", "measure_here", "states"]

_READY = 16  # pictures whose states are made ahead


@dataclass(frozen=True)
class AuditBatch:
    """Pictures of one size.

    Attributes:
        rows: their places in the audit.
        pictures: protocol and sample id of each.
    """

    rows: tuple[int, ...]
    pictures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AuditTask(PlanTask):
    """Measures batches of an audit.

    Attributes:
        names: of the metrics that are audited.
    """

    names: tuple[str, ...]

    @classmethod
    def of(cls, plan: Plan, names: Sequence[str]) -> AuditTask:
        """The task of measuring batches of a plan."""
        return cls(plan.suite, plan.layout.out, parts_of(plan), tuple(names))

    def start(self, worker: Worker) -> Callable[[AuditBatch], BatchValues]:
        """Load what metrics need, and return what measures a batch; raises as `resolve_in`."""
        plan = self.resolve_in(worker)
        measurement, protocols = audited_measurement(plan, self.names), {one.name: one for one in plan.protocols}
        chosen = distortions()

        def measure(batch: AuditBatch) -> BatchValues:
            with worker_status.working_for(worker, None):
                worker_status.begin_batch([sample_id for _, sample_id in batch.pictures])
                pictures = [_audited(plan, protocols[name], sample_id) for name, sample_id in batch.pictures]
                with closing(_made(plan, chosen, pictures)) as made:
                    return _measure(plan, measurement, chosen, pictures, made, worker.advance)

        return measure


def audited_measurement(plan: Plan, names: Sequence[str]) -> Measurement:
    """What is measured under the task of all protocols, without companions such as ceilings."""
    measurement = plan.measurements[plan.protocols[0].name]
    return replace(measurement, names=tuple(one for one in measurement.names if one in names))


def make_audited(protocol: Protocol, masked: MaskedSample) -> AuditedPicture | None:
    """The picture to distort; None of a removal without a truth."""
    if masked.truth is None:
        return None
    truth = replace(masked.sample, image=masked.truth.image, labels=masked.truth.labels)
    return AuditedPicture(f"{protocol.name}/{truth.id}", masked, truth)


def cut_batches(pictures: Sequence[tuple[str, AuditedPicture]], most: int) -> list[AuditBatch]:
    """Neighbours of one size, up to `most` together; each picture comes with its protocol."""
    batches = []
    for _, same_size in groupby(range(len(pictures)), key=lambda row: pictures[row][1].hole.shape):
        group = tuple(same_size)
        for start in range(0, len(group), most):
            rows = group[start : start + most]
            batches.append(AuditBatch(rows, tuple((pictures[row][0], pictures[row][1].truth.id) for row in rows)))
    return batches


def measure_here(
    plan: Plan,
    measurement: Measurement,
    chosen: Sequence[Distortion],
    pictures: Sequence[AuditedPicture],
    batches: Sequence[AuditBatch],
    on_result: Callable[[AuditBatch, BatchValues], None],
    on_states: Callable[[int], None],
) -> None:
    """Measure batches one after another, while states of the next ones are made."""
    with exact_arithmetic(plan.device), closing(_made(plan, chosen, pictures)) as made:
        for batch in batches:
            audited = [pictures[row] for row in batch.rows]
            on_result(batch, _measure(plan, measurement, chosen, audited, made, on_states))


def states(chosen: Sequence[Distortion]) -> list[State]:
    """All states of a picture, in the order in which they are measured."""
    return [*REDRAWN, *((one.name, grade) for one in chosen for grade in one.grades)]


def _audited(plan: Plan, protocol: Protocol, sample_id: str) -> AuditedPicture:
    masked = load_masked_sample(plan, protocol, plan.places[sample_id])
    picture = None if isinstance(masked, SkippedSample) else make_audited(protocol, masked)
    if picture is None:
        raise RuntimeError(f"the driver has sample {sample_id}")
    return picture


def _made(
    plan: Plan, chosen: Sequence[Distortion], pictures: Sequence[AuditedPicture]
) -> Prefetcher[AuditedPicture, Mapping[State, Picture | str]]:
    """The states of each picture, made by a thread."""
    return Prefetcher(
        lambda picture: states_of(picture, plan.dataset, plan.suite.seed, chosen), pictures, 1, most=_READY
    )


def _measure(
    plan: Plan,
    measurement: Measurement,
    chosen: Sequence[Distortion],
    pictures: Sequence[AuditedPicture],
    made: Iterator[Mapping[State, Picture | str]],
    on_states: Callable[[int], None],
) -> BatchValues:
    """Take all metrics of all states of a batch; `made` has the states of its pictures next."""
    found, of_row = BatchValues(), [next(made) for _ in pictures]
    for state in states(chosen):
        _measure_state(plan, measurement, pictures, [one[state] for one in of_row], state, found)
        on_states(len(pictures))
    return found


def _measure_state(
    plan: Plan,
    measurement: Measurement,
    pictures: Sequence[AuditedPicture],
    made: Iterable[Picture | str],
    state: State,
    found: BatchValues,
) -> None:
    """Take all metrics of one state, of the pictures of which it could be made."""
    there: dict[int, Picture] = {}
    for place, picture in enumerate(made):
        if isinstance(picture, str):
            found.reasons.setdefault(state, Counter())[picture] += 1
        else:
            there[place] = picture
    if not there:
        return
    places = tuple(there)
    outputs = [ModelOutput(picture, None) for picture in stack_pictures(list(there.values()))]
    masked = [pictures[place].masked for place in places]
    view = make_batch_view(plan, list(zip(masked, outputs, strict=True)), nullcontext())
    for key, values in bench.metrics.measure(view, [metric.name for metric in measurement.of_images]).items():
        if not MetricKey.parse(key).class_name:
            found.values.append((key, state, places, values.cpu().numpy()))
    features = take_features(measurement.features, view)
    for kind in measurement.features:
        found.features.append((kind, state, places, features[kind]))
        if state == REDRAWN[0]:
            found.features.append((kind, TRUTH, places, features[f"truth-{kind}"]))
