"""Which model leads a run, in one sentence, by the tests whose marks the tables print.

A model leads in a protocol when it is the only best one and every other ranked model is significantly worse. Models
that cannot be told from the best are tied with it. Oracles are not ranked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group, Row
from bench.reporting.analysis.run_analysis import RunAnalysis
from bench.reporting.formatting import NOTHING, score_text

__all__ = ["ProtocolVerdict", "Verdict", "verdict_of"]

Outcome = Literal["leads", "tied", "untested", "alone"]
"""Of the best model of a protocol: it leads, it is tied, nothing could be tested, or nothing stands beside it."""

_MOST_NAMES = 3
_MOST_TIES = 2


@dataclass(frozen=True)
class ProtocolVerdict:
    """One protocol.

    Attributes:
        protocol: its name with its version.
        outcome: of the best model.
        models: titles: the one that leads; those that are tied, best first; the best where nothing could be tested.
        reason: why nothing could be tested, or empty.
        without: titles of the ranked models that have no number.
    """

    protocol: str
    outcome: Outcome
    models: tuple[str, ...]
    reason: str = ""
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A whole run by one metric.

    Attributes:
        column: the metric and its region.
        protocols: those in which a ranked model has a number.
        oracles: whether the run has rows that are not ranked.
    """

    column: Column
    protocols: tuple[ProtocolVerdict, ...]
    oracles: bool = False

    @property
    def leader(self) -> str | None:
        """Title of the model that leads in most protocols; None when none leads, or several lead equally often."""
        leads = self._leads.most_common(2)
        if not leads or (len(leads) == 2 and leads[0][1] == leads[1][1]):
            return None
        return leads[0][0]

    @property
    def text(self) -> str:
        """`By PSNR hole, spgnet leads in 3 of 4 protocols; tied with lama in object.`"""
        return f"By {self.column.title}, {'; '.join(self._clauses())}."

    @property
    def _leads(self) -> Counter[str]:
        return Counter(one.models[0] for one in self._of("leads"))

    def _of(self, outcome: Outcome) -> list[ProtocolVerdict]:
        return [one for one in self.protocols if one.outcome == outcome]

    def _where(self, some: Sequence[ProtocolVerdict], *, counted: bool = False) -> str:
        """`in 3 of 4 protocols`, or `in object and center-50`; versions only where they tell protocols apart."""
        every = len(self.protocols)
        if 1 < every == len(some):
            return f"in {'both' if every == 2 else f'all {every}'} protocols"
        if every > 1 and counted:
            return f"in {len(some)} of {every} protocols"
        uses = Counter(_bare(one.protocol) for one in self.protocols)
        names = [_bare(one.protocol) if uses[_bare(one.protocol)] == 1 else one.protocol for one in some]
        return f"in {_listed(names, every)}"

    def _clauses(self) -> Iterator[str]:
        alone = self._of("alone")
        if len(alone) == len(self.protocols):
            names = list(dict.fromkeys(one.models[0] for one in alone))
            yield f"{_listed(names)} {_has(names)} no other model to compare with"
            if self.oracles:
                yield "oracles are not ranked"
            yield from self._missing()
            return
        if self._leads:
            yield from self._leading()
        else:
            ties = self._tied(self._of("tied"))
            yield from (clause if place else f"no model leads: {clause}" for place, clause in enumerate(ties))
        yield from self._untested()
        yield from self._missing()

    def _leading(self) -> Iterator[str]:
        for place, (name, _) in enumerate(self._leads.most_common()):
            led = [one for one in self._of("leads") if one.models[0] == name]
            yield f"{name} leads {self._where(led, counted=place == 0)}"
            if place == 0:
                yield from self._tied([one for one in self._of("tied") if name in one.models], leader=name)
        first = self._leads.most_common(1)[0][0]
        yield from self._tied(one for one in self._of("tied") if first not in one.models)

    def _tied(self, ties: Iterable[ProtocolVerdict], leader: str | None = None) -> Iterator[str]:
        """A clause for each set of tied models; the leader, the subject before, is not named again."""
        together: dict[frozenset[str], list[ProtocolVerdict]] = {}
        for one in ties:
            together.setdefault(frozenset(one.models), []).append(one)
        if leader and len(together) > _MOST_TIES:
            yield f"tied with others {self._where([one for tied in together.values() for one in tied])}"
            return
        for tied in together.values():
            names = [name for name in tied[0].models if name != leader]
            subject = f"tied with {_listed(names)}" if leader else f"{_listed(names)} are tied"
            yield f"{subject} {self._where(tied)}"

    def _untested(self) -> Iterator[str]:
        reasons: dict[str, dict[tuple[str, ...], list[ProtocolVerdict]]] = {}
        for one in self._of("untested"):
            reasons.setdefault(one.reason, {}).setdefault(one.models, []).append(one)
        for reason, of_reason in reasons.items():
            means = [
                f"{_listed(models)} {self._where(some, counted=len(of_reason) == 1)}"
                if place
                else f"{_listed(models)} {_has(models)} the best mean {self._where(some, counted=len(of_reason) == 1)}"
                for place, (models, some) in enumerate(of_reason.items())
            ]
            yield f"{', '.join(means)}, but could not be tested against the others: {reason}"

    def _missing(self) -> Iterator[str]:
        missing: dict[tuple[str, ...], list[ProtocolVerdict]] = {}
        for one in self.protocols:
            missing.setdefault(one.without, []).append(one)
        missing.pop((), None)
        for names, protocols in missing.items():
            yield f"{_listed(names)} {_has(names)} no number {self._where(protocols)}"


def verdict_of(analysis: RunAnalysis, key: str | None = None) -> Verdict | None:
    """Which model leads in how many protocols.

    Args:
        analysis: of the run.
        key: `metric.region`; None: that of the run's main metric.

    Returns:
        None when no ranked model has a number.

    Raises:
        UsageError: when a cell was edited or damaged.
    """
    column = next(iter(analysis.main_columns), None) if key is None else analysis.columns.get(key)
    if column is None:
        return None
    found = [_of_protocol(group, column) for group in analysis.groups.values()]
    protocols = tuple(one for one in found if one is not None)
    return Verdict(column, protocols, any(model.oracle for model in analysis.models)) if protocols else None


def _of_protocol(group: Group, column: Column) -> ProtocolVerdict | None:
    ranked = [row for row in group.rows if not row.model.oracle]
    rows = [row for row in ranked if score_text(row.scores.get(column.key), column.decimals) != NOTHING]
    if not rows:
        return None
    without = tuple(row.model.title for row in ranked if row not in rows)
    sign = -1 if column.higher_is_better else 1
    placed = sorted(rows, key=lambda row: sign * (row.scores[column.key].value or 0.0))  # none of them is None
    best, tied = (tuple(row.model.title for row in placed if _mark(row, column) == mark) for mark in ("best", "second"))
    untested = list(dict.fromkeys(row.untested[column.key] for row in rows if column.key in row.untested))
    if len(rows) == 1:
        return ProtocolVerdict(group.name, "alone", (rows[0].model.title,), "", without)
    if untested:
        return ProtocolVerdict(group.name, "untested", best, "; ".join(untested), without)
    models = (*best, *tied)
    return ProtocolVerdict(group.name, "leads" if len(models) == 1 else "tied", models, "", without)


def _mark(row: Row, column: Column) -> str:
    return row.marks.get(column.key, "")


def _has(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _bare(protocol: str) -> str:
    return protocol.partition("@")[0]


def _listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """`a, b and c`; of more than `most` names the first ones and how many there are beside them."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
