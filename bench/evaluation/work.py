"""What a call of a run has to do: the cells that are not whole, and the pictures that they lack."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.evaluation.fills.pictures import has_kept, torn_pictures
from bench.evaluation.merging.share import WHOLE, Share
from bench.evaluation.plan import Cell, Plan
from bench.evaluation.reuse.examination import (
    Drawn,
    Examination,
    depends_on_others,
    draw_first_holes,
    examine,
    refuse_bad,
)
from bench.evaluation.reuse.recorded_cell import RecordedCell
from bench.evaluation.shard import Unit
from bench.records.cell_store import Damage, find_damage, read_results
from bench.records.files import asked_of
from bench.runtime.garbage import collector_paused

__all__ = ["Work", "find_work"]

_CHECKED = 32
"""So many recorded pictures are read again at least, spread over all."""


@dataclass(frozen=True)
class Work:
    """What has to be done.

    Attributes:
        cells: indices of the cells that are to be written.
        whole: those of them that this call makes whole: the others lack pictures of other shares.
        units: the pictures that they lack, shard by shard.
        lacking: indices of the cells of models that are not at hand, which lack what is asked.
        drawn: hashes of the pictures and holes that were drawn again, as for `select`.
        damaged: files that are not as the run wrote them: their pictures run again.
        recorded: index of a cell to what it has already of the pictures that are asked for.
    """

    cells: Sequence[int] = ()
    whole: frozenset[int] = frozenset()
    units: Sequence[Unit] = ()
    lacking: Sequence[int] = ()
    drawn: Mapping[tuple[str, str], Drawn] = field(default_factory=dict)
    damaged: Sequence[Damage] = ()
    recorded: Mapping[int, RecordedCell] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        """A line about each damaged file."""
        return [f"{one.file} is {one.found}; its pictures run again" for one in self.damaged]


@collector_paused()
def find_work(plan: Plan, *, again: bool, progress: bool, share: Share = WHOLE) -> tuple[Plan, Work]:
    """Look at what is recorded, and check every picture before a model runs.

    Args:
        again: whether the cells that the suite names are run again, whatever is recorded.
        share: the shards that this call takes.

    Returns:
        The plan, which knows the pictures that cannot be read, and the work.

    Raises:
        DataError: for pictures that cannot be read, all of them.
        UsageError: a protocol does not go with the data set, or a record was edited.
    """
    damaged: list[Damage] = []
    broken = {index for index, cell in enumerate(plan.cells) if find_damage(plan.layout, cell.key)}
    found = _read(plan, _open_cells(plan, broken, again=again), damaged, again=again)
    lacking = [index for index, cell in found.items() if not _can_run(plan, index, _missing(plan, index, cell))]
    opened = [index for index in found if index not in lacking]
    if not opened:
        return plan, Work(lacking=lacking, damaged=damaged)
    taken = frozenset(name for shard in _taken(plan, share) for name in _names(plan, shard))
    within = plan.revisions if share.is_whole or plan.skip_bad else taken
    examination = _examine(plan, {index: found[index] for index in opened}, within, progress=progress)
    if not plan.skip_bad:
        refuse_bad(examination.bad)
    plan = plan.knowing(bad=examination.bad, keep_fills=plan.keep_fills, skip_bad=plan.skip_bad)
    draw_first_holes(plan)
    every = [index for index in _open_cells(plan, broken, again=again) if index in opened]
    fitting = {index: found[index].drawn_again(plan, plan.cells[index], examination.drawn) for index in every}
    missing = {index: _missing(plan, index, recorded) for index, recorded in fitting.items()}
    able = {index: samples for index, samples in missing.items() if _can_run(plan, index, samples)}
    lacking += [index for index in missing if index not in able]
    whole = frozenset(index for index, samples in able.items() if share.is_whole or samples.keys() <= taken)
    recorded = {index: fitting[index] for index in able}
    units = tuple(_units(plan, able, share))
    return plan, Work(tuple(able), whole, units, lacking, examination.drawn, damaged, recorded)


def _open_cells(plan: Plan, broken: Collection[int], *, again: bool) -> list[int]:
    """Indices of the cells that are not whole or not as their markers say, or that are run again."""
    return [
        index
        for index, cell in enumerate(plan.cells)
        if (again and not cell.only_recorded)
        or index in broken
        or asked_of(plan.layout, cell.key) != plan.asked[cell.protocol.name]
    ]


def _read(plan: Plan, cells: Sequence[int], damaged: list[Damage], *, again: bool) -> dict[int, RecordedCell]:
    """What is recorded of some cells, by their index."""
    shared: dict[Drawn, Drawn] = {}

    def outlined(cell: Cell) -> RecordedCell:
        results = {} if again and not cell.only_recorded else read_results(plan.layout, cell.key, damaged)
        return RecordedCell.of(plan, cell, results, shared)

    return {index: outlined(plan.cells[index]) for index in cells}  # the results of one cell at a time in memory


def _examine(plan: Plan, found: Mapping[int, RecordedCell], within: Collection[str], *, progress: bool) -> Examination:
    """Look at pictures and holes, as far as records do not stand for them.

    Where holes depend on nothing but their own picture, a picture that every cell has recorded from the same files need
    not be read again. A few are: if one of them comes out differently, all are.

    Args:
        found: what is recorded of the cells that are to be written.
        within: ids of the pictures that are run.
    """
    if plan.skip_bad or any(depends_on_others(plan, protocol) for protocol in plan.protocols):
        return examine(plan, _recorded(plan, found), within, progress=progress)
    settled = frozenset.intersection(*(cell.settled for cell in found.values()))
    checked = frozenset(sorted(settled)[:: max(1, len(settled) // _CHECKED)])
    looked_at = _recorded(plan, found, but=settled - checked)
    unknown = [name for name in within if name not in settled]
    examination = examine(plan, looked_at, unknown, progress=progress)
    again = (cell.drawn_again(plan, plan.cells[index], examination.drawn) for index, cell in found.items())
    if all(checked <= one.whole.keys() for one in again):
        return examination
    return examine(plan, _recorded(plan, found), within, progress=progress)


def _recorded(plan: Plan, found: Mapping[int, RecordedCell], but: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """Ids of recorded pictures that are asked for to the protocols under which they are recorded, but for some."""
    recorded: dict[str, set[str]] = {}
    for index, cell in found.items():
        for sample in cell.names - but:
            recorded.setdefault(sample, set()).add(plan.cells[index].protocol.name)
    return recorded


def _can_run(plan: Plan, index: int, missing: Mapping[str, str]) -> bool:
    """Whether the missing pictures of a cell can run: without the model those that have a kept fill can."""
    cell = plan.cells[index]
    return not cell.only_recorded or all(output and has_kept(plan, cell, name) for name, output in missing.items())


def _missing(plan: Plan, index: int, recorded: RecordedCell) -> dict[str, str]:
    """Ids of the samples that lack a result with all that is asked, to the SHA-256 of the recorded output, if any."""
    cell = plan.cells[index]
    torn = set() if cell.only_recorded else torn_pictures(plan, cell)
    outputs = {name: one.output_sha256 for name, one in recorded.partial.items()}
    return {name: outputs.get(name, "") for name in plan.revisions if name not in recorded.whole or name in torn}


def _taken(plan: Plan, share: Share) -> list[range]:
    """The shards of a share."""
    return [shard for place, shard in enumerate(plan.shards()) if share.holds(place)]


def _names(plan: Plan, shard: range) -> Sequence[str]:
    return plan.dataset.ids[shard.start : shard.stop]


def _units(plan: Plan, missing: Mapping[int, Mapping[str, str]], share: Share) -> Iterator[Unit]:
    ids = plan.dataset.ids
    for shard in _taken(plan, share):
        for cell, outputs in missing.items():
            indices = tuple(index for index in shard if ids[index] in outputs)
            if indices:
                yield Unit(cell, indices, tuple(outputs[ids[index]] for index in indices))
