"""What a call of a run has to do: the cells that are not whole, and the pictures that they lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.evaluation.examination import Drawn, draw_first_holes, examine, refuse_bad
from bench.evaluation.kept_pictures import has_kept
from bench.evaluation.plan import Cell, Plan
from bench.evaluation.reuse import select
from bench.evaluation.shard import Unit
from bench.records.cell_store import Results, read_results
from bench.records.files import asked_of

__all__ = ["Work", "find_work"]


@dataclass(frozen=True)
class Work:
    """What has to be done.

    Attributes:
        cells: indices of the cells that are to be written.
        units: the pictures that they lack, shard by shard.
        drawn: hashes of the pictures and holes that were drawn again, as for `select`.
    """

    cells: Sequence[int] = ()
    units: Sequence[Unit] = ()
    drawn: Mapping[tuple[str, str], Drawn] = field(default_factory=dict)


def find_work(plan: Plan, *, again: bool, skip_bad: bool, progress: bool) -> tuple[Plan, Work]:
    """Look at what is recorded, and check every picture before a model runs.

    Args:
        again: whether the cells that the suite names are run again, whatever is recorded.
        skip_bad: whether pictures that cannot be read are left out.

    Returns:
        The plan, which knows the pictures that cannot be read, and the work.

    Raises:
        DataError: for pictures that cannot be read, all of them.
        UsageError: a protocol does not go with the data set, or a record was edited.
    """
    if not _open_cells(plan, again=again):
        return plan, Work()
    recorded: dict[str, set[str]] = {}
    for index in _open_cells(plan, again=again):
        cell = plan.cells[index]
        for sample in _results(plan, cell, again=again):
            if sample in plan.revisions:
                recorded.setdefault(sample, set()).add(cell.protocol.name)
    examination = examine(plan, recorded, progress=progress)
    if not skip_bad:
        refuse_bad(plan, examination.bad)
    plan = plan.knowing(bad=examination.bad, keep_fills=plan.keep_fills)
    draw_first_holes(plan)
    cells = _open_cells(plan, again=again)
    missing = {index: _missing(plan, plan.cells[index], examination.drawn, again=again) for index in cells}
    missing = {index: samples for index, samples in missing.items() if _can_run(plan, plan.cells[index], samples)}
    return plan, Work(tuple(missing), tuple(_units(plan, missing)), examination.drawn)


def _open_cells(plan: Plan, *, again: bool) -> list[int]:
    """Indices of the cells that are not whole; of models that are not at hand those that kept fills can make whole."""
    return [index for index, cell in enumerate(plan.cells) if _is_open(plan, cell, again=again)]


def _is_open(plan: Plan, cell: Cell, *, again: bool) -> bool:
    if again and not cell.only_recorded:
        return True
    if asked_of(plan.layout, cell.key) == plan.asked:
        return False
    return not cell.only_recorded or _can_run(plan, cell, _missing(plan, cell, {}, again=False))


def _can_run(plan: Plan, cell: Cell, missing: Mapping[str, str]) -> bool:
    """Whether the missing pictures can run: without the model those that have a kept fill can."""
    return not cell.only_recorded or all(output and has_kept(plan, cell, name) for name, output in missing.items())


def _results(plan: Plan, cell: Cell, *, again: bool) -> Results:
    return {} if again and not cell.only_recorded else read_results(plan.layout, cell.key)


def _missing(plan: Plan, cell: Cell, drawn: Mapping[tuple[str, str], Drawn], *, again: bool) -> dict[str, str]:
    """Ids of the samples that lack a result with all that is asked, to SHA-256 of the output that is recorded, if any."""
    recorded = select(plan, cell, _results(plan, cell, again=again), drawn)
    outputs = {name: one.record.output_sha256 for name, one in recorded.partial.items()}
    return {name: outputs.get(name, "") for name in plan.revisions if name not in recorded.whole}


def _units(plan: Plan, missing: Mapping[int, Mapping[str, str]]) -> Iterator[Unit]:
    ids = plan.dataset.ids
    for shard in plan.shards():
        for cell, outputs in missing.items():
            indices = tuple(index for index in shard if ids[index] in outputs)
            if indices:
                yield Unit(cell, indices, tuple(outputs[ids[index]] for index in indices))
