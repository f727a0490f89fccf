"""Before a model runs: every picture and mask file is read, and the holes of recorded samples are drawn again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

from bench.errors import DataError, NotApplicable
from bench.evaluation.label_edits import edit_sha256, find_edit
from bench.evaluation.masked_samples import pixels_sha256
from bench.evaluation.plan import Plan
from bench.evaluation.removals import TruthState, check_truths, find_removed, removed_sha256, truth_state
from bench.removal import RemovesObjects, task_of
from bench.runtime.prefetch import Prefetcher
from bench.runtime.progress import progress_bar
from bench.vocabulary import DatasetBound, Protocol, Sample

__all__ = ["Drawn", "Examination", "depends_on_others", "draw_first_holes", "examine", "refuse_bad"]

_THREADS = 8
_LISTED = 10
_FIX = "Mend or remove them, or give --skip-bad to leave them out; nothing has run yet:"

Drawn: TypeAlias = tuple[str, str, str, str]
"""SHA-256 of the picture, of the hole, of what a removal takes out and of an edited label map, each empty under another
task; for a sample without a hole, the reason in the place of the second, and empty texts."""


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        bad: id of a sample that cannot be read to the reason.
        drawn: protocol and sample id to the hashes of picture and hole, where they were asked for.
    """

    bad: Mapping[str, str]
    drawn: Mapping[tuple[str, str], Drawn]


def examine(
    plan: Plan, recorded: Mapping[str, Collection[str]], taken: Collection[str], *, progress: bool
) -> Examination:
    """Read the pictures of a plan, and masks that lie in files, in threads, with a bar.

    Args:
        recorded: sample id to the protocols under which it is recorded, whose holes are drawn again.
        taken: ids of the pictures to read, where they lie in files.

    Raises:
        UsageError: a protocol cannot be applied to this data set at all.
        DataError: under a removal protocol some pictures have a truth and others none, or all truths show the objects.
    """
    always = {protocol.name for protocol in plan.protocols if depends_on_others(plan, protocol)}
    every = plan.dataset.from_files or bool(always)
    needed = {*(taken if every else ()), *(name for name, protocols in recorded.items() if protocols)}
    wanted = [index for index, name in enumerate(plan.dataset.ids) if name in needed]
    by_name = {protocol.name: protocol for protocol in plan.protocols}
    strict = plan.dataset.tolerating(bad=False)
    bad: dict[str, str] = {}
    drawn: dict[tuple[str, str], Drawn] = {}
    truths: dict[str, dict[str, TruthState]] = {name: {} for name, one in by_name.items() if task_of(one) == "removal"}

    def look(index: int) -> tuple[str, str, dict[str, Drawn]]:
        name = plan.dataset.ids[index]
        protocols = always.union(recorded.get(name, ()))
        try:
            sample = strict[index]
            return name, "", {protocol: _draw(plan, by_name[protocol], sample, truths) for protocol in protocols}
        except DataError as error:  # of the sample, of its mask, or of a sample whose objects are its hole
            return name, str(error), dict.fromkeys(protocols, ("", str(error), "", ""))

    with (
        progress_bar(len(wanted), "pictures", shown=progress, title="checking") as advance,
        closing(Prefetcher(look, wanted, _THREADS)) as found,
    ):
        for name, reason, holes in found:
            if reason:
                bad[name] = reason
            drawn |= {(protocol, name): hashes for protocol, hashes in holes.items()}
            advance(1)
    for protocol, known in truths.items():
        check_truths(protocol, plan.dataset, {name: known[name] for name in plan.dataset.ids if name in known})
    return Examination(bad, drawn)


def refuse_bad(bad: Mapping[str, str]) -> None:
    """Raise DataError with all samples that cannot be read, if there are any."""
    if not bad:
        return
    reasons = list(dict.fromkeys(bad.values()))
    listed = [f"\n  ({number}) {reason}" for number, reason in enumerate(reasons[:_LISTED], 1)]
    more = f"\n  and {len(reasons) - _LISTED} more" if len(reasons) > _LISTED else ""
    raise DataError(
        "every picture of the run", "be readable", f"{len(reasons)} that are not", f"{_FIX}{''.join(listed)}{more}"
    )


def draw_first_holes(plan: Plan) -> None:
    """Draw a hole of each protocol, so that one that does not go with the data set is refused at once."""
    for protocol in plan.protocols:
        _draw(plan, protocol, plan.first, {})


def depends_on_others(plan: Plan, protocol: Protocol) -> bool:
    """Whether holes or truths come from other files than a sample's picture: masks, truths, or other label maps.

    These may be damaged, missing, or changed while the sample is not. A data set that makes the truths itself has one
    of every sample.
    """
    if task_of(protocol) == "removal" and not isinstance(plan.dataset, RemovesObjects):
        return True
    return isinstance(protocol, DatasetBound) or (plan.dataset.from_files and protocol.needs_labels)


def _draw(plan: Plan, protocol: Protocol, sample: Sample, truths: dict[str, dict[str, TruthState]]) -> Drawn:
    """Draw a hole; what a removal knows of the truth is noted in `truths`, by protocol and sample."""
    try:
        hole = protocol.hole(sample, plan.suite.seed, plan.dataset)
        removed = find_removed(protocol, sample, plan.suite.seed, plan.dataset)
        edit = find_edit(protocol, sample, hole, plan.suite.seed, plan.dataset)
    except NotApplicable as reason:
        return "", str(reason), "", ""
    if removed is not None and protocol.name in truths:
        truths[protocol.name][sample.id] = truth_state(sample, hole, removed)
    return pixels_sha256(sample.image), pixels_sha256(hole), removed_sha256(removed), edit_sha256(edit)
