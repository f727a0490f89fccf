"""What is recorded of a cell, without values and features: cells of many pictures fit into memory side by side."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from bench.evaluation.fills.cases import ranked_by
from bench.evaluation.plan import Cell, Plan
from bench.evaluation.reuse.examination import Drawn
from bench.evaluation.reuse.selection import drawn_of, select
from bench.records.cell_store import Results, SampleResult

__all__ = ["Outline", "RecordedCell"]


class Outline(NamedTuple):
    """A result in few bytes.

    Attributes:
        drawn: what it is a result of.
        value: of the metric that ranks pictures; NaN where it has none.
        output_sha256: of the composited output of a result that lacks values or features; else empty.
    """

    drawn: Drawn
    value: float
    output_sha256: str


@dataclass(frozen=True)
class RecordedCell:
    """What is recorded of the pictures of a cell that are asked for.

    Attributes:
        names: ids of those of which there is any result.
        whole: sample id to a result that holds all that is asked, as of `Recorded`.
        partial: sample id to a result that lacks values or features.
        several: all results of the pictures that have more than one.
        ranked_by: `metric.region` of the metric that ranks pictures; empty for none.
    """

    names: frozenset[str]
    whole: Mapping[str, Outline]
    partial: Mapping[str, Outline]
    several: Results
    ranked_by: str

    @classmethod
    def of(cls, plan: Plan, cell: Cell, results: Results, shared: dict[Drawn, Drawn]) -> RecordedCell:
        """The outline of the results of a cell.

        Args:
            shared: what results of other cells are of, so that equal ones lie in memory once; added to.
        """
        fitting, (key, _) = select(plan, cell, results, {}), ranked_by(plan, cell.protocol)
        names = frozenset(name for name in plan.revisions if name in results)
        several = {name: results[name] for name in names if len(results[name]) > 1}
        whole = _outlines(fitting.whole, key, shared, with_output=False)
        partial = _outlines(fitting.partial, key, shared, with_output=True)
        return cls(names, whole, partial, several, key)

    @property
    def values(self) -> dict[str, float]:
        """Id of each whole picture to the value that ranks it; NaN where it has none."""
        return {name: one.value for name, one in self.whole.items()}

    @property
    def settled(self) -> frozenset[str]:
        """Ids of the whole pictures but those that were skipped, whose files may be mended."""
        return frozenset(name for name, one in self.whole.items() if one.drawn[0])

    def drawn_again(self, plan: Plan, cell: Cell, drawn: Mapping[tuple[str, str], Drawn]) -> RecordedCell:
        """What fits after some pictures and holes were drawn again, by protocol and sample."""
        hashes = {name: now for (protocol, name), now in drawn.items() if protocol == cell.protocol.name}
        again = {name: self.several[name] for name in hashes if name in self.several}
        fitting = select(plan, cell, again, drawn)
        whole = _unchanged(self.whole, hashes, again)
        whole |= _outlines(fitting.whole, self.ranked_by, {}, with_output=False)
        partial = _unchanged(self.partial, hashes, again)
        partial |= _outlines(fitting.partial, self.ranked_by, {}, with_output=True)
        return replace(self, whole=whole, partial=partial)


def _outlines(
    results: Mapping[str, SampleResult], ranked_by: str, shared: dict[Drawn, Drawn], *, with_output: bool
) -> dict[str, Outline]:
    found = {}
    for name, result in results.items():
        record = result.record
        drawn, output = drawn_of(record), record.output_sha256 if with_output else ""
        found[name] = Outline(shared.setdefault(drawn, drawn), record.values.get(ranked_by, math.nan), output)
    return found


def _unchanged(
    outlines: Mapping[str, Outline], hashes: Mapping[str, Drawn], but: Collection[str]
) -> dict[str, Outline]:
    """Those whose picture and hole were not drawn again or came out the same, but for some."""
    gone = {name for name, now in hashes.items() if name in but or (name in outlines and outlines[name].drawn != now)}
    return {name: one for name, one in outlines.items() if name not in gone}
