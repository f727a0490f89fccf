"""What a call of a run has to do: the cells that are not whole, and the pictures that they lack."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.errors import UsageError
from bench.evaluation.fills.pictures import has_kept, torn_pictures
from bench.evaluation.plan import Plan
from bench.evaluation.reuse.examination import Drawn, draw_first_holes, examine, refuse_bad
from bench.evaluation.reuse.selection import select
from bench.evaluation.shard import Unit
from bench.records.cell_store import Results, read_results
from bench.records.files import asked_of

__all__ = ["Work", "find_work"]

_LONGEST_NAME = 255
"""Bytes of a file's name."""


@dataclass(frozen=True)
class Work:
    """What has to be done.

    Attributes:
        cells: indices of the cells that are to be written.
        units: the pictures that they lack, shard by shard.
        lacking: indices of the cells of models that are not at hand, which lack what is asked.
        drawn: hashes of the pictures and holes that were drawn again, as for `select`.
    """

    cells: Sequence[int] = ()
    units: Sequence[Unit] = ()
    lacking: Sequence[int] = ()
    drawn: Mapping[tuple[str, str], Drawn] = field(default_factory=dict)


def find_work(plan: Plan, *, again: bool, progress: bool) -> tuple[Plan, Work]:
    """Look at what is recorded, and check every picture before a model runs.

    Args:
        again: whether the cells that the suite names are run again, whatever is recorded.

    Returns:
        The plan, which knows the pictures that cannot be read, and the work.

    Raises:
        DataError: for pictures that cannot be read, all of them.
        UsageError: a protocol does not go with the data set, or a record was edited.
    """
    _check_names(plan)
    opened = _open_cells(plan, again=again)
    lacking = [index for index in opened if not _can_run(plan, index, _missing(plan, index, {}, again=again))]
    opened = [index for index in opened if index not in lacking]
    if not opened:
        return plan, Work(lacking=lacking)
    recorded: dict[str, set[str]] = {}
    for index in opened:
        for sample in _results(plan, index, again=again):
            if sample in plan.revisions:
                recorded.setdefault(sample, set()).add(plan.cells[index].protocol.name)
    examination = examine(plan, recorded, progress=progress)
    if not plan.skip_bad:
        refuse_bad(examination.bad)
    plan = plan.knowing(bad=examination.bad, keep_fills=plan.keep_fills, skip_bad=plan.skip_bad)
    draw_first_holes(plan)
    every = [index for index in _open_cells(plan, again=again) if index in opened]
    missing = {index: _missing(plan, index, examination.drawn, again=again) for index in every}
    able = {index: samples for index, samples in missing.items() if _can_run(plan, index, samples)}
    lacking += [index for index in missing if index not in able]
    return plan, Work(tuple(able), tuple(_units(plan, able)), lacking, examination.drawn)


def _check_names(plan: Plan) -> None:
    """Raise UsageError for a cell whose folders no file system could make, before anything is written."""
    for cell in plan.cells:
        for part in cell.key.path.parts:
            if (length := len(os.fsencode(part))) > _LONGEST_NAME:
                fix = "Name the row with --models NAME=MODEL."
                raise UsageError(f"name {part[:40]}...", f"have at most {_LONGEST_NAME} bytes", str(length), fix)


def _open_cells(plan: Plan, *, again: bool) -> list[int]:
    """Indices of the cells that are not whole, or that are run again."""
    return [
        index
        for index, cell in enumerate(plan.cells)
        if (again and not cell.only_recorded) or asked_of(plan.layout, cell.key) != plan.asked[cell.protocol.name]
    ]


def _can_run(plan: Plan, index: int, missing: Mapping[str, str]) -> bool:
    """Whether the missing pictures of a cell can run: without the model those that have a kept fill can."""
    cell = plan.cells[index]
    return not cell.only_recorded or all(output and has_kept(plan, cell, name) for name, output in missing.items())


def _results(plan: Plan, index: int, *, again: bool) -> Results:
    cell = plan.cells[index]
    return {} if again and not cell.only_recorded else read_results(plan.layout, cell.key)


def _missing(plan: Plan, index: int, drawn: Mapping[tuple[str, str], Drawn], *, again: bool) -> dict[str, str]:
    """Ids of the samples that lack a result with all that is asked, to the SHA-256 of the recorded output, if any."""
    cell = plan.cells[index]
    recorded = select(plan, cell, _results(plan, index, again=again), drawn)
    torn = set() if cell.only_recorded else torn_pictures(plan, cell)
    outputs = {name: one.record.output_sha256 for name, one in recorded.partial.items()}
    return {name: outputs.get(name, "") for name in plan.revisions if name not in recorded.whole or name in torn}


def _units(plan: Plan, missing: Mapping[int, Mapping[str, str]]) -> Iterator[Unit]:
    ids = plan.dataset.ids
    for shard in plan.shards():
        for cell, outputs in missing.items():
            indices = tuple(index for index in shard if ids[index] in outputs)
            if indices:
                yield Unit(cell, indices, tuple(outputs[ids[index]] for index in indices))
