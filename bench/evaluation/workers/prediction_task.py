"""Writing raw predictions of models, in this process or as a task of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import ModelFailure
from bench.evaluation import worker_status
from bench.evaluation.masked_samples import MaskedSample, SkippedSample, load_masked_sample
from bench.evaluation.pipeline.prediction import predict
from bench.evaluation.plan import Plan
from bench.evaluation.shard import Unit
from bench.evaluation.workers.plan_task import PlanTask, parts_of
from bench.pictures import png_bytes, unstack_pictures
from bench.records import folder_name, write_atomically
from bench.records.layout import sample_file
from bench.runtime.executors.executor import Worker

__all__ = ["PredictionTask", "WrittenPictures", "write_predictions"]


@dataclass(frozen=True)
class WrittenPictures:
    """What came of a unit.

    Attributes:
        count: pictures that were written.
        failures: why there is no usable picture of the others.
        skipped: samples that the protocol does not apply to.
    """

    count: int
    failures: tuple[str, ...]
    skipped: tuple[SkippedSample, ...]


@dataclass(frozen=True)
class PredictionTask(PlanTask):
    """Writes the predictions of units; metrics are none of its business."""

    @classmethod
    def of(cls, plan: Plan, out: Path) -> PredictionTask:
        """The task of writing predictions below `out`, an absolute path."""
        plan = replace(plan, suite=replace(plan.suite, metrics=()))
        return cls(plan.suite, out, parts_of(plan))

    def start(self, worker: Worker) -> Callable[[Unit], WrittenPictures]:
        """Load the models, and return what runs a unit; raises as `resolve_in`."""
        plan = self.resolve_in(worker)

        def run(unit: Unit) -> WrittenPictures:
            protocol = plan.cells[unit.cell].protocol
            with worker_status.working_for(worker, None):
                masked_samples = (load_masked_sample(plan, protocol, index) for index in unit.indices)
                return write_predictions(plan, unit, masked_samples, self.out, worker.advance)

        return run


def write_predictions(
    plan: Plan,
    unit: Unit,
    masked_samples: Iterable[MaskedSample | SkippedSample],
    out: Path,
    on_samples: Callable[[int], None],
) -> WrittenPictures:
    """Fill the pictures of a unit one by one, and write each as `<out>/<model>/<protocol>/<id>.png`."""
    cell = plan.cells[unit.cell]
    folder = out / folder_name(cell.model.name) / folder_name(cell.protocol.name)
    count, failures, skipped = 0, list[str](), list[SkippedSample]()
    for masked in masked_samples:
        if isinstance(masked, SkippedSample):
            skipped.append(masked)
            continue
        sample = masked.given_to(cell.called)
        worker_status.begin_batch([sample.id])
        (output,) = predict(cell.called, [sample], [masked.hole], plan.suite.seed)
        if isinstance(output, ModelFailure):
            failures.append(f"{cell.model.name} on {cell.protocol.name}, {sample.id}: {output}")
        else:
            (picture,) = unstack_pictures(output.picture[None])
            write_atomically(sample_file(folder, sample.id, ".png"), png_bytes(picture))
            count += 1
        on_samples(1)
    return WrittenPictures(count, tuple(failures), tuple(skipped))
