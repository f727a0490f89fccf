"""One shard of one cell: hide, inpaint, check, composite, measure, record. One pass, nothing twice."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

import bench.metrics
from bench.errors import ModelFailure
from bench.evaluation import worker_status
from bench.evaluation.judging import segment_pictures, segment_references
from bench.evaluation.masked_samples import MaskedSample, SkippedSample
from bench.evaluation.plan import Cell, Plan
from bench.metrics import MetricKey
from bench.models.model_error import error_traceback
from bench.pictures import (
    check_prediction,
    composite,
    hide,
    png_bytes,
    quantise,
    sample_seed,
    stack_pictures,
    unstack_pictures,
)
from bench.records import Record, RunLayout, write_atomically, write_shard
from bench.records.features import write_features
from bench.vocabulary import Batch, Inpainter, Sample, Sampler

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["BATCH_SIZE", "ModelOutput", "Phases", "predict", "run_shard"]

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
class ModelOutput:
    """What a model returned for one sample.

    Attributes:
        picture: uint8 [3, H, W], its raw output.
        labels: uint8 [H, W], the label map that it completed, or None.
        fills: uint8 [K, 3, H, W], several outputs for the same hole, or None.
    """

    picture: torch.Tensor
    labels: torch.Tensor | None
    fills: torch.Tensor | None = None


@dataclass(frozen=True)
class _SampleResult:
    """A sample's record, and of a good one its features by name, float32 [D] each."""

    record: Record
    features: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)


def run_shard(
    plan: Plan,
    cell: Cell,
    shard: int,
    samples: Iterable[MaskedSample | SkippedSample],
    on_samples: Callable[[int], None] = lambda _: None,
) -> Phases:
    """Fill and score the samples of one shard, keep the gallery pictures and features, write the records last.

    Args:
        samples: those of the shard, in order.
        on_samples: called with the number of samples done since the last call.
    """
    phases = Phases()
    with phases.phase("data"):
        ready = list(samples)
    skipped = [one for one in ready if isinstance(one, SkippedSample)]
    results = {one.sample_id: _SampleResult(Record(one.sample_id, "skipped", one.reason)) for one in skipped}
    on_samples(len(results))
    for batch in _batches([one for one in ready if isinstance(one, MaskedSample)]):
        results |= {one.record.sample: one for one in _score(plan, cell, batch, phases)}
        on_samples(len(batch))
    with phases.phase("write"):
        ordered = [results[sample_id] for sample_id in plan.shard_ids(shard)]
        _write(plan, cell, shard, ordered)
    return phases


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


def _write(plan: Plan, cell: Cell, shard: int, results: Sequence[_SampleResult]) -> None:
    if plan.measurement.features:
        good = [one for one in results if one.record.status == "ok"]
        rows = {name: [one.features[name] for one in good] for name in plan.measurement.feature_names}
        features = {name: np.array(named, np.float32) for name, named in rows.items()}
        write_features(plan.layout.features(cell.key, shard), [one.record.sample for one in good], features)
    write_shard(plan.layout.shard(cell.key, shard), [one.record for one in results])


def _score(plan: Plan, cell: Cell, masked_samples: list[MaskedSample], phases: Phases) -> list[_SampleResult]:
    with phases.phase("model"):
        samples, holes = [masked.sample for masked in masked_samples], [masked.hole for masked in masked_samples]
        worker_status.note(cell.model.name, samples[0].id)
        outputs = predict(cell.model, samples, holes, plan.suite.seed, plan.measurement.fills)
    pairs = list(zip(masked_samples, outputs, strict=True))
    failed = [
        _SampleResult(_failed(masked, plan.suite.seed, why)) for masked, why in pairs if isinstance(why, ModelFailure)
    ]
    good = [(masked, output) for masked, output in pairs if isinstance(output, ModelOutput)]
    return failed + (_measured(plan, cell, good, phases) if good else [])


def _measured(
    plan: Plan, cell: Cell, good: Sequence[tuple[MaskedSample, ModelOutput]], phases: Phases
) -> list[_SampleResult]:
    view = _view(plan, good, phases)
    with phases.phase("metrics"):
        values = bench.metrics.measure(view, [metric.name for metric in plan.measurement.of_images])
        features = _features(plan, view)
    with phases.phase("write"):
        gallery = {plan.dataset.ids[index] for index in plan.gallery()}
        pictures = unstack_pictures(view.completed)
        results = []
        for row, ((masked, output), picture) in enumerate(zip(good, pictures, strict=True)):
            record = replace(
                _base(masked, plan.suite.seed), output_sha256=_sha256(picture), values=_values_of(values, row)
            )
            results.append(_SampleResult(record, {name: named[row] for name, named in features.items()}))
            if masked.sample.id in gallery:
                _write_gallery(plan.layout, cell, masked.sample.id, picture, output.labels)
    return results


def _values_of(values: dict[str, torch.Tensor], row: int) -> dict[str, float]:
    """One image's values; a class where a metric is undefined is left out, since most classes are in few pictures."""
    every = {name: float(column[row]) for name, column in values.items()}
    undefined = {name for name, value in every.items() if math.isnan(value) and MetricKey.parse(name).class_name}
    return {name: value for name, value in every.items() if name not in undefined}


def _features(plan: Plan, view: bench.metrics.BatchView) -> dict[str, npt.NDArray[np.float32]]:
    """Name to float32 [N, D] of completed and untouched pictures, for the metrics of sets."""
    features: dict[str, npt.NDArray[np.float32]] = {}
    for kind in plan.measurement.features:
        from bench.metrics.distribution.backends.extraction import completed_features, true_features

        features[kind] = completed_features(kind, view.completed, view.network_device).numpy()
        features[f"truth-{kind}"] = true_features(kind, view.reference, view.network_device).numpy()
    return features


def _write_gallery(
    layout: RunLayout, cell: Cell, sample_id: str, picture: Picture, labels: torch.Tensor | None
) -> None:
    write_atomically(layout.fill(cell.key, sample_id), png_bytes(picture))
    if labels is not None:
        write_atomically(layout.predicted_labels(cell.key, sample_id), png_bytes(labels.numpy()))


def _view(plan: Plan, good: Sequence[tuple[MaskedSample, ModelOutput]], phases: Phases) -> bench.metrics.BatchView:
    raw = torch.stack([output.picture for _, output in good])
    truth = stack_pictures([masked.sample.image for masked, _ in good])
    hole = torch.from_numpy(np.stack([masked.hole for masked, _ in good]))[:, None]
    completed = composite(raw, truth, hole)
    maps = [masked.sample.labels for masked, _ in good if masked.sample.labels is not None]
    labels = torch.from_numpy(np.stack(maps)) if len(maps) == len(good) else None
    label_maps = [output.labels for _, output in good if output.labels is not None]
    predicted = torch.stack(label_maps) if len(label_maps) == len(good) else None
    drawn = [output.fills for _, output in good if output.fills is not None]
    fills = composite(torch.stack(drawn), truth[:, None], hole[:, None]) if len(drawn) == len(good) else None
    judge, judged, judged_truth = plan.measurement.judge, None, None
    if judge is not None:
        with phases.phase("judge"):
            judged = segment_pictures(judge, completed)
            judged_truth = segment_references(judge, truth, plan.device)
    return bench.metrics.BatchView(
        truth,
        completed,
        raw,
        hole,
        labels,
        predicted,
        judged,
        judged_truth,
        classes=plan.measurement.classes,
        fills=fills,
        device=plan.device,
    )


def _base(masked: MaskedSample, seed: int) -> Record:
    return Record(
        masked.sample.id,
        "ok",
        seed=sample_seed(seed, masked.sample.id),
        image_sha256=_sha256(masked.sample.image),
        hole_sha256=_sha256(masked.hole),
        hole_share=float(masked.hole.mean()),
    )


def _failed(masked: MaskedSample, seed: int, failure: ModelFailure) -> Record:
    return replace(_base(masked, seed), status="failed", reason=str(failure), traceback=failure.traceback)


def _raised(error: Exception) -> ModelFailure:
    found, trace = f"{type(error).__name__}: {error}", error_traceback(error, lambda file: file == __file__)
    return ModelFailure("the model", "return a prediction", found, "", trace)


def _sha256(array: Picture | Hole) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
