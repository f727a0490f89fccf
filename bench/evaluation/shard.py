"""Some pictures of one cell: hide, inpaint, check, composite, measure, record. One pass, nothing twice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

import torch

import bench.metrics
from bench.errors import ModelFailure
from bench.evaluation import worker_status
from bench.evaluation.fills.pictures import ModelOutput, read_kept, sync_kept, write_pictures, write_several
from bench.evaluation.known_pixels import check_predictions
from bench.evaluation.label_edits import edit_sha256
from bench.evaluation.masked_samples import MaskedSample, SkippedSample, pixels_sha256
from bench.evaluation.measurement import Measurement
from bench.evaluation.pipeline.phases import Phases
from bench.evaluation.pipeline.prediction import predict
from bench.evaluation.pipeline.stages import run_stages
from bench.evaluation.plan import Cell, Plan, stays_on_cpu
from bench.evaluation.removals import removed_sha256
from bench.evaluation.views.batch_view import make_batch_view
from bench.evaluation.views.set_features import take_features
from bench.metrics import MetricKey
from bench.pictures import sample_seed, unstack_pictures
from bench.records import Record
from bench.records.cell_store import SampleResult, write_batch
from bench.runtime.device_memory import free_device_memory, halves, out_of_memory
from bench.runtime.device_spans import device_span

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["BATCH_SIZE", "Unit", "UnitResult", "UnitSamples", "run_units"]

BATCH_SIZE = 8
"""Pictures that a model is given at once on the CPU."""

_BATCH_SIZE_GPU, _MOST_PIXELS_GPU = 16, 1 << 22
"""The same on other devices, where launching costs as much for sixteen pictures as for one: a shard, unless it has more
pixels than this."""


@dataclass(frozen=True)
class Unit:
    """Some pictures of one cell, run one after another.

    Attributes:
        cell: its index in the plan.
        indices: of the pictures in the data set.
        outputs: SHA-256 of the output that is recorded of each picture, or an empty text.
    """

    cell: int
    indices: tuple[int, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class UnitResult:
    """What came of a unit.

    Attributes:
        phases: what its seconds were spent on.
        records: of its samples.
    """

    phases: Phases
    records: tuple[Record, ...]


UnitSamples: TypeAlias = tuple[Unit, Iterable[MaskedSample | SkippedSample]]
"""A unit and its samples, in order."""


@dataclass
class _BatchWork:
    """A batch on its way through the stages `fill`, `score` and `write`.

    Attributes:
        unit: the unit that it belongs to.
        cell: of the unit.
        samples: of one size.
        phases: what its seconds were spent on.
        is_last: whether it is the last one of the unit.
        outputs: what the model gave for each sample, or why not.
        scored: the samples with an output, with what was measured of them.
        results: what is recorded.
    """

    unit: Unit
    cell: Cell
    samples: Sequence[MaskedSample]
    phases: Phases = field(default_factory=Phases)
    is_last: bool = False
    outputs: Sequence[ModelOutput | ModelFailure] = ()
    scored: list[_Scored] = field(default_factory=list)
    results: list[SampleResult] = field(default_factory=list)


@dataclass(frozen=True)
class _Scored:
    """Samples that were measured together."""

    pairs: Sequence[tuple[MaskedSample, ModelOutput]]
    completed: torch.Tensor
    several: torch.Tensor | None
    values: dict[str, torch.Tensor]
    features: dict[str, npt.NDArray[np.float32]]
    warnings: Sequence[str]


def run_units(
    plan: Plan,
    units: Iterable[UnitSamples],
    on_unit: Callable[[Unit, UnitResult], None],
    on_samples: Callable[[int], None] = lambda _: None,
    *,
    overlapped: bool = False,
) -> None:
    """Fill and score pictures, batch by batch.

    A picture whose recorded fill was kept is scored without the model. Everything is written in the order of `units`,
    and both functions are called by the calling thread.

    Args:
        on_unit: called when all pictures of a unit are on disk.
        on_samples: called with the number of samples that are on disk since the last call.
        overlapped: whether a batch is scored and written while the model fills the next ones; otherwise every batch is
            on disk before the next one begins.
    """
    records: list[Record] = []
    phases = Phases()
    stages = [partial(stage, plan) for stage in (_fill, _score, _write)]
    batches = (batch for unit, samples in units for batch in _batches_of(plan, unit, samples))
    with closing(run_stages(batches, stages, plan.device, overlapped=overlapped)) as finished:
        for batch in finished:
            phases.add(batch.phases)
            records.extend(result.record for result in batch.results)
            on_samples(len(batch.results))
            if batch.is_last:
                on_unit(batch.unit, UnitResult(phases, tuple(records)))
                phases, records = Phases(), []


def _batches_of(plan: Plan, unit: Unit, samples: Iterable[MaskedSample | SkippedSample]) -> list[_BatchWork]:
    """The batches of a unit: what was skipped, what has a kept fill, and the rest."""
    phases, cell = Phases(), plan.cells[unit.cell]
    outputs = {plan.dataset.ids[index]: output for index, output in zip(unit.indices, unit.outputs, strict=True)}
    with phases.phase("data"):
        ready = list(samples)
        masked = [one for one in ready if isinstance(one, MaskedSample)]
        kept = {one.sample.id: read_kept(plan, cell, one, outputs[one.sample.id]) for one in masked}
    skipped = [SampleResult(_skipped(plan, one)) for one in ready if isinstance(one, SkippedSample)]
    batches = [_BatchWork(unit, cell, (), phases, results=skipped)]
    for batch in _batches([one for one in masked if kept[one.sample.id]], plan.device):
        given = [output for one in batch if (output := kept[one.sample.id])]
        batches.append(_BatchWork(unit, cell, batch, outputs=given))
    to_fill = [one for one in masked if not kept[one.sample.id]]
    batches += [_BatchWork(unit, cell, batch) for batch in _batches(to_fill, plan.device)]
    batches[-1].is_last = True
    return batches


def _batches(masked_samples: Sequence[MaskedSample], device: str) -> Iterator[list[MaskedSample]]:
    """Neighbours of one size, as many together as a model is given at once."""
    for _, same_size in groupby(masked_samples, key=lambda masked: masked.hole.shape):
        group = list(same_size)
        size = BATCH_SIZE
        if device != "cpu" and _BATCH_SIZE_GPU * group[0].hole.size <= _MOST_PIXELS_GPU:
            size = _BATCH_SIZE_GPU
        yield from (group[start : start + size] for start in range(0, len(group), size))


def _fill(plan: Plan, batch: _BatchWork) -> None:
    """Ask the model, unless the outputs are there."""
    if not batch.samples:
        return
    worker_status.begin_batch([masked.sample.id for masked in batch.samples])
    if batch.outputs:
        return
    cell = batch.cell
    with batch.phases.phase("model", "cpu" if stays_on_cpu(cell.model) else plan.device):
        samples = [masked.given_to(cell.called) for masked in batch.samples]
        holes = [masked.hole for masked in batch.samples]
        fills = plan.measurements[cell.protocol.name].fills
        batch.outputs = predict(cell.called, samples, holes, plan.suite.seed, fills)


def _score(plan: Plan, batch: _BatchWork) -> None:
    """Measure what the model gave."""
    good = []
    for masked, output in zip(batch.samples, batch.outputs, strict=True):
        if isinstance(output, ModelFailure):
            batch.results.append(SampleResult(_failed(plan, masked, output)))
        else:
            good.append((masked, output))
    if good:
        _score_or_halve(plan, batch, good)


def _score_or_halve(plan: Plan, batch: _BatchWork, good: Sequence[tuple[MaskedSample, ModelOutput]]) -> None:
    """Measure samples together, or in halves where the memory of the device is too small for it."""
    try:
        batch.scored.append(_measured(plan, batch.cell, good, batch.phases))
        return
    except torch.OutOfMemoryError:
        pass  # the error holds what fills the memory
    free_device_memory()
    if len(good) == 1:
        batch.results.append(SampleResult(_failed(plan, good[0][0], out_of_memory("the metrics"))))
        return
    for half in halves(good):
        _score_or_halve(plan, batch, half)


def _measured(plan: Plan, cell: Cell, good: Sequence[tuple[MaskedSample, ModelOutput]], phases: Phases) -> _Scored:
    measured = plan.measurements[cell.protocol.name]
    view = make_batch_view(plan, good, phases.phase("judge", plan.device))
    with phases.phase("metrics"):
        values = bench.metrics.measure(view, [metric.name for metric in measured.of_images])
        with device_span(plan.device if measured.features else "cpu", phases.spans):
            features = take_features(measured.features, view)
        places = [plan.places[masked.sample.id] for masked, _ in good]
        given = view.reference if view.source is None else view.source
        warnings = check_predictions(view.raw, given, view.hole, places, plan.dataset.ids, cell.model)
    return _Scored(good, view.completed, view.fills, values, features, warnings)


def _write(plan: Plan, batch: _BatchWork) -> None:
    """Write pictures, then records."""
    if not (batch.scored or batch.results):
        return
    with batch.phases.phase("write"):
        for scored in batch.scored:
            batch.results += _written(plan, batch.cell, scored)
            sync_kept(plan, batch.cell, (masked.sample.id for masked, _ in scored.pairs))
        write_batch(plan.layout, batch.cell.key, batch.results)


def _written(plan: Plan, cell: Cell, scored: _Scored) -> Iterator[SampleResult]:
    """Write the pictures of samples that were measured together; yields what is recorded of each."""
    measured = plan.measurements[cell.protocol.name]
    pictures = unstack_pictures(scored.completed)
    for row, ((masked, output), picture) in enumerate(zip(scored.pairs, pictures, strict=True)):
        record = replace(
            _base(plan, masked),
            output_sha256=pixels_sha256(picture),
            values=_values_of(scored.values, row, measured),
            warning=scored.warnings[row],
        )
        write_pictures(plan, cell, masked.sample.id, picture, output)
        if scored.several is not None:
            write_several(plan, cell, masked.sample.id, list(unstack_pictures(scored.several[row])), output.fill_labels)
        yield SampleResult(record, {name: named[row] for name, named in scored.features.items()})


def _values_of(values: dict[str, torch.Tensor], row: int, measured: Measurement) -> dict[str, float]:
    """One image's values; a class where a metric is undefined is left out, since most classes are in few pictures."""
    taken = measured.keys_of_images
    every = {MetricKey.parse(name): float(column[row]) for name, column in values.items()}
    return {
        str(key): value
        for key, value in every.items()
        if f"{key.metric}.{key.region}" in taken and not (math.isnan(value) and key.class_name)
    }


def _base(plan: Plan, masked: MaskedSample) -> Record:
    sample = masked.sample
    return Record(
        sample.id,
        "ok",
        seed=sample_seed(plan.suite.seed, sample.id),
        image_sha256=pixels_sha256(sample.image),
        hole_sha256=pixels_sha256(masked.hole),
        hole_share=float(masked.hole.mean()),
        revision=plan.revisions[sample.id],
        removed_sha256=removed_sha256(masked.removed),
        edit_sha256=edit_sha256(masked.edit),
    )


def _failed(plan: Plan, masked: MaskedSample, failure: ModelFailure) -> Record:
    return replace(_base(plan, masked), status="failed", reason=str(failure), traceback=failure.traceback)


def _skipped(plan: Plan, skipped: SkippedSample) -> Record:
    return Record(skipped.sample_id, "skipped", skipped.reason, revision=plan.revisions[skipped.sample_id])
