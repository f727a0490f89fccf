"""What a call of a run has to do: the cells that are not whole, and the pictures that they lack."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.evaluation.fills.pictures import has_kept
from bench.evaluation.merging.share import WHOLE, Share
from bench.evaluation.plan import Plan
from bench.evaluation.reuse.examination import (
    Drawn,
    Examination,
    depends_on_others,
    draw_first_holes,
    examine,
    refuse_bad,
)
from bench.evaluation.reuse.selection import select
from bench.evaluation.shard import Unit
from bench.records import Record
from bench.records.cell_store import Damage, Results, find_damage, read_results
from bench.records.files import asked_of

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
        recorded: index of a cell to the records that it has already.
    """

    cells: Sequence[int] = ()
    whole: frozenset[int] = frozenset()
    units: Sequence[Unit] = ()
    lacking: Sequence[int] = ()
    drawn: Mapping[tuple[str, str], Drawn] = field(default_factory=dict)
    damaged: Sequence[Damage] = ()
    recorded: Mapping[int, Sequence[Record]] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        """A line about each damaged file."""
        return [f"{one.file} is {one.found}; its pictures run again" for one in self.damaged]


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
    results = {index: _results(plan, index, damaged, again=again) for index in _open_cells(plan, again=again)}
    lacking = [index for index in results if not _can_run(plan, index, _missing(plan, index, results, {}))]
    opened = [index for index in results if index not in lacking]
    if not opened:
        return plan, Work(lacking=lacking, damaged=damaged)
    taken = frozenset(name for shard in _taken(plan, share) for name in _names(plan, shard))
    within = plan.revisions if share.is_whole or plan.skip_bad else taken
    examination = _examine(plan, {index: results[index] for index in opened}, within, progress=progress)
    if not plan.skip_bad:
        refuse_bad(examination.bad)
    plan = plan.knowing(bad=examination.bad, keep_fills=plan.keep_fills, skip_bad=plan.skip_bad)
    draw_first_holes(plan)
    every = [index for index in _open_cells(plan, again=again) if index in opened]
    missing = {index: _missing(plan, index, results, examination.drawn) for index in every}
    able = {index: samples for index, samples in missing.items() if _can_run(plan, index, samples)}
    lacking += [index for index in missing if index not in able]
    whole = frozenset(index for index, samples in able.items() if share.is_whole or samples.keys() <= taken)
    recorded = {index: _fitting(plan, index, results, examination.drawn) for index in able}
    units = tuple(_units(plan, able, share))
    return plan, Work(tuple(able), whole, units, lacking, examination.drawn, damaged, recorded)


def _open_cells(plan: Plan, *, again: bool) -> list[int]:
    """Indices of the cells that are not whole or not as their markers say, or that are run again."""
    return [
        index
        for index, cell in enumerate(plan.cells)
        if (again and not cell.only_recorded)
        or asked_of(plan.layout, cell.key) != plan.asked[cell.protocol.name]
        or find_damage(plan.layout, cell.key)
    ]


def _examine(plan: Plan, results: Mapping[int, Results], within: Collection[str], *, progress: bool) -> Examination:
    """Look at pictures and holes, as far as records do not stand for them.

    Where holes depend on nothing but their own picture, a picture that every cell has recorded from the same files need
    not be read again. A few are: if one of them comes out differently, all are.

    Args:
        results: of the cells that are to be written.
        within: ids of the pictures that are run.
    """
    recorded: dict[str, set[str]] = {}
    for index, found in results.items():
        for sample in found:
            if sample in plan.revisions:
                recorded.setdefault(sample, set()).add(plan.cells[index].protocol.name)
    if plan.skip_bad or any(depends_on_others(plan, protocol) for protocol in plan.protocols):
        return examine(plan, recorded, within, progress=progress)
    whole = [_settled(plan, index, found) for index, found in results.items()]
    settled = frozenset.intersection(*whole)
    checked = frozenset(sorted(settled)[:: max(1, len(settled) // _CHECKED)])
    looked_at = {name: protocols for name, protocols in recorded.items() if name not in settled or name in checked}
    unknown = [name for name in within if name not in settled]
    examination = examine(plan, looked_at, unknown, progress=progress)
    for index, found in results.items():
        few = {name: found[name] for name in checked}
        if len(select(plan, plan.cells[index], few, examination.drawn).whole) < len(few):
            return examine(plan, recorded, within, progress=progress)
    return examination


def _settled(plan: Plan, index: int, results: Results) -> frozenset[str]:
    """Ids of the pictures of which a cell has all, but those that were skipped: their files may be mended."""
    whole = select(plan, plan.cells[index], results, {}).whole
    return frozenset(name for name, one in whole.items() if one.record.status != "skipped")


def _can_run(plan: Plan, index: int, missing: Mapping[str, str]) -> bool:
    """Whether the missing pictures of a cell can run: without the model those that have a kept fill can."""
    cell = plan.cells[index]
    return not cell.only_recorded or all(output and has_kept(plan, cell, name) for name, output in missing.items())


def _results(plan: Plan, index: int, damaged: list[Damage], *, again: bool) -> Results:
    cell = plan.cells[index]
    return {} if again and not cell.only_recorded else read_results(plan.layout, cell.key, damaged)


def _missing(
    plan: Plan, index: int, results: Mapping[int, Results], drawn: Mapping[tuple[str, str], Drawn]
) -> dict[str, str]:
    """Ids of the samples that lack a result with all that is asked, to the SHA-256 of the recorded output, if any."""
    recorded = select(plan, plan.cells[index], results[index], drawn)
    outputs = {name: one.record.output_sha256 for name, one in recorded.partial.items()}
    return {name: outputs.get(name, "") for name in plan.revisions if name not in recorded.whole}


def _fitting(
    plan: Plan, index: int, results: Mapping[int, Results], drawn: Mapping[tuple[str, str], Drawn]
) -> list[Record]:
    """The records of a cell that hold all that is asked."""
    return [one.record for one in select(plan, plan.cells[index], results[index], drawn).whole.values()]


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
