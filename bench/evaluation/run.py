"""The main job: resolve a suite, run what is missing, reduce every cell that became whole."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench.errors import Failure, NotApplicable, UsageError
from bench.evaluation.aggregation import reduce_cell
from bench.evaluation.executor import Unit, run_here, run_in_processes
from bench.evaluation.model_size import measure_sizes
from bench.evaluation.plan import Cell, Plan, resolve, signatures
from bench.evaluation.run_file import read_earlier, write_run_file
from bench.evaluation.set_metrics import with_set_metrics
from bench.evaluation.shard import Phases
from bench.evaluation.suite import Suite
from bench.pictures import png_bytes
from bench.records import Run, locked, read_run, read_shard, write_atomically, write_cell
from bench.records.features import read_features
from bench.runtime.device import resolve_device
from bench.runtime.progress import progress_bar
from bench.vocabulary import Dataset, Inpainter, Judge

__all__ = ["Reuse", "RunOutcome", "evaluate", "run_suite"]

Reuse = Literal["only-missing", "never", "only-cache"]


@dataclass(frozen=True)
class RunOutcome:
    """What a run did.

    Attributes:
        run: its records.
        phases: seconds spent waiting for data, and on model, metrics and writing, summed over processes.
        wall: seconds from start to end.
        warnings: what the user should know.
    """

    run: Run
    phases: Phases
    wall: float
    warnings: tuple[str, ...]

    @property
    def failed(self) -> int:
        """Samples without a usable prediction, over all cells."""
        return sum(cell.n_failed for cell in self.run.cells.values())


def evaluate(
    models: Sequence[str | Inpainter],
    dataset: str | Dataset = "streets",
    protocols: Sequence[str] = ("center-50",),
    metrics: Sequence[str] = ("psnr", "ssim", "l1"),
    out: str | Path = "results/evaluate",
    *,
    seed: int = 0,
    limit: int | None = None,
    device: str = "auto",
    judge: str | Judge | None = None,
) -> Run:
    """The main job as a function: fill, score and record; what is recorded already is reused.

    Args:
        models: names of the catalogue or objects that are an Inpainter.
        dataset: a name (its test split at 256x256) or a Dataset, such as `bench.data.load` makes.
        protocols, metrics: names of the catalogues.
        out: output folder, as of `spgbench run`.
        limit: so many pictures, spread evenly over the split, for a dataset given by name.
        judge: who segments completed pictures for the metrics `judge-...`: a name of the catalogue or a Judge; None:
            the one that ships for the dataset, if one does.

    Returns:
        The run's records; `bench.reporting.report(out)` makes tables and plots of them.
    """
    suite = Suite(
        "evaluate",
        protocols=tuple(protocols),
        metrics=tuple(metrics),
        seed=seed,
        judge=judge if isinstance(judge, str) else None,
    )
    if isinstance(dataset, str):
        suite, ready = replace(suite, dataset=dataset, limit=limit), None
    else:
        suite, ready = replace(suite, dataset=dataset.name, split="as given", size="as given"), dataset
    given_judge = None if isinstance(judge, str) else judge
    return run_suite(suite, Path(out), device=device, dataset=ready, models=models, judge=given_judge).run


def run_suite(
    suite: Suite,
    out: Path,
    *,
    device: str = "auto",
    workers: int = 1,
    reuse: Reuse = "only-missing",
    dataset: Dataset | None = None,
    models: Sequence[str | Inpainter] | None = None,
    judge: Judge | None = None,
    progress: bool = False,
) -> RunOutcome:
    """Run a suite into `out`; shards and cells that are there are kept.

    Args:
        workers: processes; the records do not depend on it. With more than one, everything must have a name.
        reuse: `only-missing`; `never` runs all of it again; `only-cache` runs nothing and fails on missing cells.

    Raises:
        UsageError: for anything in the suite or on disk that is not what it must be; what is recorded stays.
        Failure: with `only-cache`, when cells are missing.
    """
    start = time.perf_counter()
    out = out.absolute()  # a model may change the working directory
    if workers > 1 and any(part is not None for part in (models, dataset, judge)):
        must = "be 1 for models, data or a judge in memory"
        raise UsageError("workers", must, str(workers), "Register them under a name.")
    plan = resolve(suite, out, resolve_device(device), dataset, models, judge)
    left_out = plan.measurement.warnings
    with locked(out):
        earlier = read_earlier(plan)
        warnings = [*left_out, *write_run_file(plan, earlier, measure_sizes(plan, earlier))]
        if reuse == "never":
            for cell in plan.cells:
                shutil.rmtree(plan.layout.cell(cell.key), ignore_errors=True)
        todo = [index for index, cell in enumerate(plan.cells) if not plan.layout.done(cell.key).exists()]
        if todo and reuse == "only-cache":
            names = ", ".join(str(plan.cells[index].key.path) for index in todo)
            raise Failure(f"run {out}", "be complete with --reuse only-cache", f"missing cells {names}")
        _write_gallery_inputs(plan)
        phases = _run_cells(plan, todo, workers, progress)
    return RunOutcome(read_run(out), phases, time.perf_counter() - start, tuple(warnings))


def _run_cells(plan: Plan, todo: Sequence[int], workers: int, progress: bool) -> Phases:
    """Run the missing shards of the cells, shard by shard so that decoded samples are used by all cells at once."""
    shards = range(len(plan.shards()))
    left = {cell: {shard for shard in shards if not _is_complete(plan, plan.cells[cell], shard)} for cell in todo}
    units = [(cell, shard) for shard in shards for cell in todo if shard in left[cell]]
    phases = Phases()

    def on_unit(unit: Unit, spent: Phases) -> None:
        cell, shard = unit
        phases.add(spent)
        left[cell].discard(shard)
        if not left[cell]:
            _finish(plan, plan.cells[cell], phases)

    for cell in todo:
        if not left[cell]:
            _finish(plan, plan.cells[cell], phases)
    with progress_bar(sum(len(plan.shards()[shard]) for _, shard in units), "pictures", shown=progress) as on_samples:
        if workers > 1 and len(units) > 1:
            run_in_processes(plan, units, on_unit, on_samples, workers)
        else:
            run_here(plan, units, on_unit, on_samples)
    return phases


def _is_complete(plan: Plan, cell: Cell, shard: int) -> bool:
    records = read_shard(plan.layout.shard(cell.key, shard), plan.shard_ids(shard))
    if records is None or not plan.measurement.of_sets:
        return records is not None
    samples = [record.sample for record in records if record.status == "ok"]
    return read_features(plan.layout.features(cell.key, shard), samples, plan.measurement.feature_names) is not None


def _finish(plan: Plan, cell: Cell, phases: Phases) -> None:
    with phases.phase("reduce"):
        shards = range(len(plan.shards()))
        records = [record for shard in shards for record in read_shard(plan.layout.shard(cell.key, shard)) or ()]
        texts, measured = signatures(plan), plan.measurement
        reduced = reduce_cell(cell.key, cell.model.label_sources, records, texts, measured.classes)
        if measured.of_sets:
            reduced = with_set_metrics(reduced, plan.layout.cell(cell.key), measured.of_sets, texts)
        write_cell(plan.layout, reduced, len(shards))


def _write_gallery_inputs(plan: Plan) -> None:
    """Write the untouched pictures and the holes that the grids show."""
    for index in plan.gallery():
        sample = plan.dataset[index]
        if not plan.layout.truth(sample.id).exists():
            write_atomically(plan.layout.truth(sample.id), png_bytes(sample.image))
        if sample.labels is not None and not plan.layout.labels(sample.id).exists():
            write_atomically(plan.layout.labels(sample.id), png_bytes(sample.labels))
        for protocol in plan.protocols:
            path = plan.layout.hole(protocol.name, sample.id)
            if not path.exists():
                try:
                    write_atomically(path, png_bytes(protocol.hole(sample, plan.suite.seed, plan.dataset)))
                except NotApplicable:
                    continue
