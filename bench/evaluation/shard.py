"""Some pictures of one cell: hide, inpaint, check, composite, measure, record. One pass, nothing twice."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

import torch

import bench.metrics
from bench.errors import ModelFailure
from bench.evaluation import worker_status
from bench.evaluation.fills.pictures import ModelOutput, read_kept, write_pictures
from bench.evaluation.known_pixels import check_predictions
from bench.evaluation.masked_samples import MaskedSample, SkippedSample, pixels_sha256
from bench.evaluation.measurement import Measurement
from bench.evaluation.plan import Cell, Plan
from bench.evaluation.removals import removed_sha256
from bench.evaluation.views.batch_view import make_batch_view
from bench.evaluation.views.set_features import take_features
from bench.metrics import MetricKey
from bench.models.model_error import error_traceback
from bench.pictures import (
    check_prediction,
    hide,
    quantise,
    sample_seed,
    unstack_pictures,
)
from bench.records import Record
from bench.records.cell_store import SampleResult, write_batch
from bench.vocabulary import Batch, Inpainter, Sample, Sampler

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["BATCH_SIZE", "Phases", "Unit", "UnitResult", "predict", "run_unit"]

BATCH_SIZE = 8


@dataclass
class Phases:
    """Wall seconds by what they were spent on."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time inside the block under `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def add(self, other: Phases) -> None:
        """Add the seconds of another process or shard."""
        for name, seconds in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds


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


def run_unit(
    plan: Plan,
    unit: Unit,
    samples: Iterable[MaskedSample | SkippedSample],
    on_samples: Callable[[int], None] = lambda _: None,
) -> UnitResult:
    """Fill and score some pictures of a cell; every batch is on disk before the next one begins.

    A picture whose recorded fill was kept is scored without the model.

    Args:
        samples: those of the unit, in order.
        on_samples: called with the number of samples done since the last call.
    """
    phases, cell = Phases(), plan.cells[unit.cell]
    with phases.phase("data"):
        ready = list(samples)
    skipped = [one for one in ready if isinstance(one, SkippedSample)]
    masked_samples = [one for one in ready if isinstance(one, MaskedSample)]
    outputs = {plan.dataset.ids[index]: output for index, output in zip(unit.indices, unit.outputs, strict=True)}
    with phases.phase("data"):
        kept = {one.sample.id: read_kept(plan, cell, one, outputs[one.sample.id]) for one in masked_samples}

    records: list[Record] = []

    def done(results: Sequence[SampleResult]) -> None:
        records.extend(result.record for result in results)
        if results:
            with phases.phase("write"):
                write_batch(plan.layout, cell.key, results)
        on_samples(len(results))

    done([SampleResult(_skipped(plan, one)) for one in skipped])
    for batch in _batches([one for one in masked_samples if kept[one.sample.id]]):
        pairs = [(one, output) for one in batch if (output := kept[one.sample.id])]
        done(_measured(plan, cell, pairs, phases))
    for batch in _batches([one for one in masked_samples if not kept[one.sample.id]]):
        done(_score(plan, cell, batch, phases))
    return UnitResult(phases, tuple(records))


def predict(
    model: Inpainter, samples: Sequence[Sample], holes: Sequence[Hole], seed: int, fills: int = 0
) -> list[ModelOutput | ModelFailure]:
    """The output for each sample, or the failure.

    A batch that fails is tried again picture by picture, so that one bad sample does not take others with it.

    Args:
        fills: how many fills of each hole to ask for besides, of a model that can give several.
    """
    batch = hide(samples, holes, seed, model.label_sources)
    try:
        prediction = model.inpaint(batch)
        pictures = quantise(check_prediction(prediction, batch))
        labels = [None] * len(pictures) if prediction.labels is None else list(prediction.labels.cpu())
        several = _several(model, batch, fills) if fills else [None] * len(pictures)
        return [ModelOutput(*parts) for parts in zip(pictures, labels, several, strict=True)]
    except Exception as error:  # noqa: BLE001 (a model from elsewhere may raise anything; it is recorded)
        if len(samples) == 1:
            return [error if isinstance(error, ModelFailure) else _raised(error)]
    singly = (predict(model, [sample], [hole], seed, fills) for sample, hole in zip(samples, holes, strict=True))
    return [output for outputs in singly for output in outputs]


def _several(model: Inpainter, batch: Batch, count: int) -> Sequence[torch.Tensor | None]:
    """`count` outputs of each sample, uint8 [K, 3, H, W]; None from a model that has but one."""
    if not isinstance(model, Sampler):
        return [None] * len(batch.ids)
    drawn = [quantise(check_prediction(prediction, batch)) for prediction in model.sample(batch, count)]
    if len(drawn) not in (1, count):
        raise ModelFailure("the model's sample", f"give {count} predictions, or a single one", str(len(drawn)))
    return [None] * len(batch.ids) if len(drawn) == 1 else list(torch.stack(drawn, dim=1))


def _batches(masked_samples: Sequence[MaskedSample]) -> Iterator[list[MaskedSample]]:
    """Neighbours of one size, at most BATCH_SIZE together."""
    for _, same_size in groupby(masked_samples, key=lambda masked: masked.hole.shape):
        group = list(same_size)
        yield from (group[start : start + BATCH_SIZE] for start in range(0, len(group), BATCH_SIZE))


def _score(plan: Plan, cell: Cell, masked_samples: list[MaskedSample], phases: Phases) -> list[SampleResult]:
    with phases.phase("model"):
        samples = [masked.given_to(cell.model) for masked in masked_samples]
        holes = [masked.hole for masked in masked_samples]
        worker_status.note(cell.model.name, samples[0].id)
        fills = plan.measurements[cell.protocol.name].fills
        outputs = predict(cell.model, samples, holes, plan.suite.seed, fills)
    pairs = list(zip(masked_samples, outputs, strict=True))
    failed = [SampleResult(_failed(plan, masked, why)) for masked, why in pairs if isinstance(why, ModelFailure)]
    good = [(masked, output) for masked, output in pairs if isinstance(output, ModelOutput)]
    return failed + (_measured(plan, cell, good, phases) if good else [])


def _measured(
    plan: Plan, cell: Cell, good: Sequence[tuple[MaskedSample, ModelOutput]], phases: Phases
) -> list[SampleResult]:
    measured = plan.measurements[cell.protocol.name]
    view = make_batch_view(plan, good, phases.phase("judge"))
    with phases.phase("metrics"):
        values = bench.metrics.measure(view, [metric.name for metric in measured.of_images])
        features = take_features(measured.features, view)
        places = [plan.places[masked.sample.id] for masked, _ in good]
        given = view.reference if view.source is None else view.source
        warnings = check_predictions(view.raw, given, view.hole, places, plan.dataset.ids, cell.model)
    with phases.phase("write"):
        pictures = unstack_pictures(view.completed)
        results = []
        for row, ((masked, output), picture) in enumerate(zip(good, pictures, strict=True)):
            record = replace(
                _base(plan, masked),
                output_sha256=pixels_sha256(picture),
                values=_values_of(values, row, measured),
                warning=warnings[row],
            )
            results.append(SampleResult(record, {name: named[row] for name, named in features.items()}))
            write_pictures(plan, cell, masked.sample.id, picture, output)
    return results


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
    )


def _failed(plan: Plan, masked: MaskedSample, failure: ModelFailure) -> Record:
    return replace(_base(plan, masked), status="failed", reason=str(failure), traceback=failure.traceback)


def _skipped(plan: Plan, skipped: SkippedSample) -> Record:
    return Record(skipped.sample_id, "skipped", skipped.reason, revision=plan.revisions[skipped.sample_id])


def _raised(error: Exception) -> ModelFailure:
    found, trace = f"{type(error).__name__}: {error}", error_traceback(error, lambda file: file == __file__)
    return ModelFailure("the model", "return a prediction", found, "", trace)
