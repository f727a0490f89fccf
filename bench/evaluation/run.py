"""The main job: resolve a suite, run what is missing, reduce every cell that became whole."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from bench.errors import Failure, UsageError
from bench.evaluation.executor import in_order, run_here
from bench.evaluation.fills.cases import CaseKeeper, write_inputs
from bench.evaluation.merging.share import WHOLE, Share
from bench.evaluation.model_size import measure_sizes
from bench.evaluation.pipeline.gpu_use import GpuMeter
from bench.evaluation.pipeline.phases import Phases
from bench.evaluation.plan import Cell, Plan, resolve
from bench.evaluation.reduction.finish import finish_cell
from bench.evaluation.reduction.manifest import make_manifest
from bench.evaluation.reuse.recorded_cell import RecordedCell
from bench.evaluation.reuse.selection import select
from bench.evaluation.run_file import add_gpu_use, read_earlier, write_run_file
from bench.evaluation.shard import Unit, UnitResult
from bench.evaluation.shard_task import ShardTask
from bench.evaluation.suite import Suite
from bench.evaluation.work import Work, find_work
from bench.evaluation.workers.crashing_models import leave_out_crashing
from bench.evaluation.workers.lost_units import failure_of
from bench.image_files.finding import some
from bench.records import GpuUse, Run, locked, read_run
from bench.records.cell_store import read_results, remove_cell
from bench.records.manifest import Manifest, write_manifest
from bench.reporting.tables.foot import warning_notes
from bench.runtime.device import resolve_device
from bench.runtime.executors.executor import Executor, Lost
from bench.runtime.executors.local_executor import LocalExecutor
from bench.runtime.executors.shared_folder import remove_shared_folders
from bench.runtime.garbage import collector_paused
from bench.runtime.progress import progress_bar
from bench.vocabulary import Dataset, Inpainter, Judge

__all__ = ["Reuse", "RunOutcome", "evaluate", "run_suite"]

_FIX = (
    "Run its models again, or score its folders again, with --metrics {metrics}: that fills the gaps. --keep-fills of "
    "`run` prevents them."
)

_OnResult: TypeAlias = Callable[[Unit, UnitResult | Lost[Unit]], None]

Reuse = Literal["only-missing", "never", "only-cache", "only-kept"]


@dataclass(frozen=True)
class RunOutcome:
    """What a run did.

    Attributes:
        run: its records.
        phases: seconds spent waiting for data, and on model, metrics and writing, summed over processes.
        wall: seconds from start to end.
        warnings: what the user should know.
        gpu: how busy the GPU was; None on the CPU, and where no picture ran.
        lost: the failure that pictures are missing whose worker, or the process that loaded their model, died.
    """

    run: Run
    phases: Phases
    wall: float
    warnings: tuple[str, ...]
    gpu: GpuUse | None = None
    lost: Failure | None = None

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
    executor: Executor | None = None,
    batch_timeout: float | None = None,
    reuse: Reuse = "only-missing",
    dataset: Dataset | None = None,
    models: Sequence[str | Inpainter] | None = None,
    judge: Judge | None = None,
    keep_fills: bool = False,
    skip_bad: bool = False,
    share: Share = WHOLE,
    progress: bool = False,
) -> RunOutcome:
    """Run a suite into `out`; what is recorded there and still fits is kept.

    A run that is there may grow by pictures, protocols, models and metrics. Tables show what the last call asked for,
    and of models also those of earlier calls.

    Args:
        workers: processes, which share the device; the records do not depend on it. With more than one, everything must
            have a name.
        executor: the engine whose workers run the pictures, in place of processes on this machine.
        batch_timeout: seconds after which a batch is ended with its worker; one worker is a process of its own then.
        reuse: `only-missing`; `never` runs all of it again; `only-cache` runs nothing and fails on missing cells;
            `only-kept` calls no model: everything must be recorded, or measured of kept fills; `models` are folders.
        keep_fills: keep every fill that a model gives, so that other metrics need no model later.
        skip_bad: leave out pictures that cannot be read, and count them.
        share: the shards that this call runs; cells that lack others stay as they are, for `merge_runs`.

    Raises:
        UsageError: for anything in the suite or on disk that is not what it must be; nothing is written, what is
            recorded stays.
        DataError: for pictures that cannot be read, all of them.
        Failure: with `only-cache`, when cells are missing.
    """
    start = time.perf_counter()
    out = out.absolute()  # a model may change the working directory
    in_memory = any(part is not None for part in (models, dataset, judge))
    if in_memory and (workers > 1 or executor is not None or batch_timeout is not None):
        raise _needs_names(workers, executor, batch_timeout)
    device, crashed = resolve_device(device), dict[str, str]()
    if workers > 1 or executor is not None or batch_timeout is not None:
        suite, crashed = leave_out_crashing(suite, device)
    plan = resolve(suite, out, device, dataset, models, judge)
    with locked(out):
        remove_shared_folders(out)
        earlier = read_earlier(plan)
        recorded = earlier.models if earlier else ()
        plan = plan.with_recorded(recorded).knowing(bad={}, keep_fills=keep_fills, skip_bad=skip_bad)
        plan, work = find_work(plan, again=reuse == "never", progress=progress, share=share)
        _refuse_missing(plan, work, reuse)
        if executor is None and (batch_timeout is not None or (workers > 1 and len(work.units) > 1)):
            executor = LocalExecutor(workers, plan.device)
        task = ShardTask.of(plan, recorded, batch_timeout) if executor and work.units else None
        sizes = measure_sizes(plan, earlier, isolated=executor is not None, time_limit=batch_timeout)
        warnings = [*work.warnings, *write_run_file(plan, earlier, sizes)]
        _prepare_folder(plan, work, share, again=reuse == "never")
        phases, meter, lost = Phases(), GpuMeter(plan.device), list[Lost[Unit]]()
        run_units = partial(executor.run, task) if executor and task else partial(run_here, plan)
        try:
            with meter:
                changed = _run(plan, work, run_units, meter.begin, phases, lost, progress=progress)
        finally:  # of an interrupted run as well
            if gpu := meter.use(phases.spans):
                add_gpu_use(plan.layout, gpu)
    run = read_run(out)
    warnings = [*_not_measured(plan), *warnings, *_lacking(plan, work), *changed]
    warnings += warning_notes(run.cells, {key: key.model for key in run.cells})
    failure = failure_of(plan, lost, batch_timeout, crashed)
    return RunOutcome(run, phases, time.perf_counter() - start, tuple(warnings), gpu, failure)


def _prepare_folder(plan: Plan, work: Work, share: Share, *, again: bool) -> None:
    """Write what the run asks for beside its records, and remove the cells that all run again."""
    write_manifest(plan.layout, make_manifest(plan, share.count))
    for index in work.cells if again else ():
        if not plan.cells[index].only_recorded:
            remove_cell(plan.layout, plan.cells[index].key)
    if not work.cells:
        write_inputs(plan, plan.gallery, plan.protocols, anew=False)


def _not_measured(plan: Plan) -> Iterator[str]:
    """What metrics cannot measure here, and why."""
    yield from plan.measurement.warnings
    for name, measured in plan.measurements.items():
        yield from (f"{name}: {line}" for line in measured.refusals)


def _needs_names(workers: int, executor: Executor | None, batch_timeout: float | None) -> UsageError:
    """The error that workers cannot be given what is in memory."""
    texts = {" with an executor": executor is not None, " with a time limit": batch_timeout is not None}
    must = "be 1 for models, data or a judge in memory, without an executor and a time limit"
    found = f"{workers}{''.join(text for text, given in texts.items() if given)}"
    return UsageError("workers", must, found, "Register them under a name.")


def _refuse_missing(plan: Plan, work: Work, reuse: Reuse) -> None:
    """Raise for a run that may call no model and lacks something."""
    if work.units and reuse == "only-cache":
        names = ", ".join(dict.fromkeys(str(plan.cells[unit.cell].key.path) for unit in work.units))
        raise Failure(f"run {plan.layout.out}", "be complete with --reuse only-cache", f"missing cells {names}")
    if work.lacking and reuse == "only-kept":
        without = dict.fromkeys(plan.cells[index].model.name for index in work.lacking)
        fix = _FIX.format(metrics=",".join(plan.suite.metrics))
        raise UsageError(
            f"run {plan.layout.out}", "have kept fills of all pictures", f"none of {some(tuple(without))}", fix
        )


def _lacking(plan: Plan, work: Work) -> Iterator[str]:
    """What models that joined the run earlier lack of what is asked now."""
    for model, count in Counter(plan.cells[index].model.name for index in work.lacking).items():
        yield f"{model} lacks pictures or metrics under {count} protocols and is not shown there; name it in --models"


def _run(
    plan: Plan,
    work: Work,
    run_units: Callable[[Sequence[Unit], _OnResult, Callable[[int], None]], None],
    on_begin: Callable[[], None],
    phases: Phases,
    lost: list[Lost[Unit]],
    *,
    progress: bool,
) -> list[str]:
    """Run the missing pictures, shard by shard so that decoded samples are used by all cells at once; returns warnings.

    Args:
        run_units: calls the first function with each unit and its result, the second with the number of samples done.
        on_begin: called when the first picture begins, and perhaps again.
        phases: where the time that it takes is added.
        lost: where units are added whose worker died; their cells stay open.
    """
    left = Counter(unit.cell for unit in work.units)
    waiting = Counter(plan.cells[index].protocol.name for index in work.cells)
    warnings: list[str] = []
    cases, manifest = _case_keeper(plan, work), make_manifest(plan)

    def finish(index: int) -> None:
        protocol = plan.cells[index].protocol
        waiting[protocol.name] -= 1
        if not waiting[protocol.name]:  # before the last cell is marked as whole: a kill here is made good later
            with phases.phase("write"):
                cases.settle(protocol)
        if index in work.whole:
            with phases.phase("reduce"):
                warnings.extend(_finish(plan, plan.cells[index], work, manifest))

    def on_result(unit: Unit, result: UnitResult | Lost[Unit]) -> None:
        if isinstance(result, Lost):
            lost.append(result)
            return
        phases.add(result.phases)
        with phases.phase("write"):
            cases.add(unit.cell, result.records, (plan.dataset.ids[index] for index in unit.indices))
        left[unit.cell] -= 1
        if not left[unit.cell]:
            finish(unit.cell)

    for index in work.cells:
        if not left[index]:
            finish(index)
    total = sum(len(unit.indices) for unit in work.units)
    with progress_bar(total, "pictures", shown=progress) as on_samples:

        def on_progress(samples: int) -> None:
            on_begin()
            on_samples(samples)

        if work.units:
            run_units(in_order(plan, work.units), on_result, on_progress)
    of_lost = {plan.cells[one.item.cell].protocol.name for one in lost}
    for protocol in (one for one in plan.protocols if one.name in of_lost):
        write_inputs(plan, cases.kept(protocol.name), [protocol], anew=True)  # for tables of the other models
    if work.cells:
        cases.tidy()
    return warnings


@collector_paused()
def _case_keeper(plan: Plan, work: Work) -> CaseKeeper:
    """Keeps the worst and best pictures of every cell, of those that are recorded already to begin with."""
    missing: dict[int, list[str]] = {}
    for unit in work.units:
        missing.setdefault(unit.cell, []).extend(plan.dataset.ids[index] for index in unit.indices)
    recorded = {index: cell.values for index, cell in work.recorded.items()}
    for index, cell in enumerate(plan.cells) if work.cells else ():
        if index not in recorded:  # a cell that is whole: its worst and best stay as well
            found = RecordedCell.of(plan, cell, read_results(plan.layout, cell.key), {})
            recorded[index] = found.drawn_again(plan, cell, work.drawn).values
    return CaseKeeper(plan, missing, recorded)


def _finish(plan: Plan, cell: Cell, work: Work, manifest: Manifest) -> Iterator[str]:
    """Write a cell whose pictures have all run, and reduce it; yields warnings."""
    recorded = select(plan, cell, read_results(plan.layout, cell.key), work.drawn)
    finish_cell(plan.layout, cell.key, manifest, recorded)
    if recorded.changed:
        yield (
            f"{cell.model.name} on {cell.protocol.name}: {recorded.changed} pictures came out differently than when "
            "they were recorded; all of their values are new"
        )
