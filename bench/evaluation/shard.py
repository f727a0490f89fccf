"""One shard of one cell: load, cut holes, hide, inpaint, check, composite, measure, record. One pass, nothing twice."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

import bench.metrics
from bench.errors import ModelFailure, NotApplicable
from bench.evaluation.compositing import checked, composite, hide, quantise, sample_seed, stack_pictures
from bench.evaluation.plan import Cell, Plan
from bench.records import Record, RunLayout, write_atomically, write_shard
from bench.vocabulary import Inpainter, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["BATCH_SIZE", "Answer", "Phases", "encode_png", "predict", "run_shard"]

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
class Answer:
    """What a model made of one sample.

    Attributes:
        picture: uint8 [3, H, W], its raw output.
        labels: uint8 [H, W], the label map that it completed, or None.
    """

    picture: torch.Tensor
    labels: torch.Tensor | None


@dataclass(frozen=True)
class _Cut:
    """A sample with its hole."""

    sample: Sample
    hole: Hole


def run_shard(
    plan: Plan,
    cell: Cell,
    shard: int,
    advance: Callable[[int], None] = lambda _: None,
) -> Phases:
    """Fill and score the samples of one shard, keep the gallery pictures, write the records last.

    Args:
        advance: called with the number of samples done since the last call.
    """
    phases = Phases()
    records: dict[str, Record] = {}
    cuts: list[_Cut] = []
    with phases.phase("data"):
        for index in plan.shards()[shard]:
            sample = plan.dataset[index]
            try:
                cuts.append(_Cut(sample, cell.protocol.hole(sample, plan.suite.seed, plan.dataset)))
            except NotApplicable as reason:
                records[sample.id] = Record(sample.id, "skipped", str(reason))
    advance(len(records))
    for batch in _batches(cuts):
        for record in _score(plan, cell, batch, phases):
            records[record.sample] = record
        advance(len(batch))
    with phases.phase("write"):
        ordered = [records[sample_id] for sample_id in plan.shard_ids(shard)]
        write_shard(plan.layout.shard(cell.key, shard), ordered)
    return phases


def predict(
    model: Inpainter, samples: Sequence[Sample], holes: Sequence[Hole], seed: int
) -> list[Answer | ModelFailure]:
    """The answer for each sample, or why there is none.

    A batch that fails is tried again picture by picture, so that one bad sample does not take others with it.
    """
    batch = hide(samples, holes, seed, model.labels)
    try:
        prediction = model.inpaint(batch)
        pictures = quantise(checked(prediction, batch))
        labels = [None] * len(pictures) if prediction.labels is None else list(prediction.labels.cpu())
        return [Answer(*pair) for pair in zip(pictures, labels, strict=True)]
    except Exception as error:  # noqa: BLE001 (a model from elsewhere may raise anything; it is recorded)
        if len(samples) == 1:
            return [error if isinstance(error, ModelFailure) else _raised(error)]
    singly = (predict(model, [sample], [hole], seed) for sample, hole in zip(samples, holes, strict=True))
    return [answer for answers in singly for answer in answers]


def encode_png(picture: Picture | Hole | Image.Image) -> bytes:
    """PNG bytes of uint8 [H, W, 3] or [H, W], of bool [H, W] as 255 and 0, or of a Pillow picture."""
    if not isinstance(picture, Image.Image):
        picture = Image.fromarray(picture if picture.dtype == np.uint8 else picture.astype(np.uint8) * 255)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _batches(cuts: Sequence[_Cut]) -> Iterator[list[_Cut]]:
    """Neighbours of one size, at most BATCH_SIZE together."""
    for _, same_size in groupby(cuts, key=lambda cut: cut.hole.shape):
        group = list(same_size)
        yield from (group[start : start + BATCH_SIZE] for start in range(0, len(group), BATCH_SIZE))


def _score(plan: Plan, cell: Cell, cuts: list[_Cut], phases: Phases) -> list[Record]:
    with phases.phase("model"):
        answers = predict(cell.model, [cut.sample for cut in cuts], [cut.hole for cut in cuts], plan.suite.seed)
    records = {
        cut.sample.id: _failed(cut, plan.suite.seed, answer)
        for cut, answer in zip(cuts, answers, strict=True)
        if isinstance(answer, ModelFailure)
    }
    good = [cut for cut in cuts if cut.sample.id not in records]
    if not good:
        return list(records.values())
    usable = [answer for answer in answers if isinstance(answer, Answer)]
    with phases.phase("metrics"):
        comparison = _comparison(good, usable)
        values = bench.metrics.measure(comparison, plan.suite.metrics)
    with phases.phase("write"):
        kept = {plan.dataset.ids[index] for index in plan.gallery()}
        pictures = comparison.completed.permute(0, 2, 3, 1).contiguous().numpy()
        for row, (cut, picture, answer) in enumerate(zip(good, pictures, usable, strict=True)):
            measured = {name: float(column[row]) for name, column in values.items()}
            records[cut.sample.id] = replace(
                _base(cut, plan.suite.seed), output_sha256=_sha256(picture), values=measured
            )
            if cut.sample.id in kept:
                _keep(plan.layout, cell, cut.sample.id, picture, answer.labels)
    return list(records.values())


def _keep(layout: RunLayout, cell: Cell, sample_id: str, picture: Picture, labels: torch.Tensor | None) -> None:
    write_atomically(layout.fill(cell.key, sample_id), encode_png(picture))
    if labels is not None:
        write_atomically(layout.predicted_labels(cell.key, sample_id), encode_png(labels.numpy()))


def _comparison(cuts: Sequence[_Cut], answers: Sequence[Answer]) -> bench.metrics.Comparison:
    raw = torch.stack([answer.picture for answer in answers])
    truth = stack_pictures([cut.sample.image for cut in cuts])
    hole = torch.from_numpy(np.stack([cut.hole for cut in cuts]))[:, None]
    maps = [cut.sample.labels for cut in cuts if cut.sample.labels is not None]
    labels = torch.from_numpy(np.stack(maps)) if len(maps) == len(cuts) else None
    completed = [answer.labels for answer in answers if answer.labels is not None]
    predicted = torch.stack(completed) if len(completed) == len(cuts) else None
    return bench.metrics.Comparison(truth, composite(raw, truth, hole), raw, hole, labels, predicted)


def _base(cut: _Cut, seed: int) -> Record:
    return Record(
        cut.sample.id,
        "ok",
        seed=sample_seed(seed, cut.sample.id),
        image_sha256=_sha256(cut.sample.image),
        hole_sha256=_sha256(cut.hole),
        hole_share=float(cut.hole.mean()),
    )


def _failed(cut: _Cut, seed: int, failure: ModelFailure) -> Record:
    return replace(_base(cut, seed), status="failed", reason=str(failure))


def _raised(error: Exception) -> ModelFailure:
    return ModelFailure("the model", "return a prediction", f"{type(error).__name__}: {error}")


def _sha256(array: Picture | Hole) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
