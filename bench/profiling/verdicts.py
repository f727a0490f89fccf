"""What a comparison of two versions found, in words, in a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bench.profiling.decision import Decision, Rounds
from bench.records.profile import Configuration

__all__ = ["Comparison", "Exact", "Finding", "Pair", "exact_findings", "timing_finding"]

Exact = Mapping[str, int | None]
Outcome = Literal["slower", "faster", "same", "VOID", "more", "fewer", "newly failing", "fixed", "failing in both"]

_REGRESSIONS = ("slower", "more", "newly failing")
_MEMORY_MARGIN = 1.05
"""Peak memory is measured, not counted: allocators round, and pages come and go."""


@dataclass(frozen=True)
class Pair:
    """One configuration of one model, measured on both sides.

    Attributes:
        model, configuration: which.
        exact: arm (`base`, `head`, `again`) to what is exact about a call.
        failed: arm to why it gave nothing.
        rounds: the times, or None when an arm failed.
    """

    model: str
    configuration: Configuration
    exact: Mapping[str, Exact]
    failed: Mapping[str, str]
    rounds: Rounds | None


@dataclass(frozen=True)
class Finding:
    """One answer: about the time, or about something exact."""

    model: str
    configuration: str
    quantity: str
    verdict: Outcome
    text: str

    @property
    def is_regression(self) -> bool:
        """Whether the gate fails on it."""
        return self.verdict in _REGRESSIONS


@dataclass(frozen=True)
class Comparison:
    """All answers, and what they rest on.

    Attributes:
        findings: in the order of models and configurations.
        pairs: raw times and counts.
        environment: the machine, and which version was the base.
    """

    findings: tuple[Finding, ...]
    pairs: tuple[Pair, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)

    def exit_code(self, *, strict: bool = False) -> int:
        """1 for a regression, and if strict for a VOID; else 0."""
        void = strict and any(finding.verdict == "VOID" for finding in self.findings)
        return int(void or any(finding.is_regression for finding in self.findings))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, raw times included."""
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "pairs": [asdict(pair) for pair in self.pairs],
            "environment": dict(self.environment),
        }

    def as_text(self) -> str:
        """A line a finding; what is the same is said in one line at the end."""
        told = [finding for finding in self.findings if finding.quantity == "time" or finding.verdict != "same"]
        lines = [f"{f.verdict:<15} {f.model} {f.configuration}: {f.text}" for f in told]
        same = len(self.findings) - len(told)
        base = self.environment.get("base", "the base")
        return "\n".join([f"this version against {base}:", *lines, f"{same} exact quantities are the same"]) + "\n"


def timing_finding(pair: Pair, decision: Decision | None) -> Finding:
    """About the time; about failures where there is none."""
    where = pair.model, str(pair.configuration), "time"
    if decision is None or pair.rounds is None:
        return Finding(*where, *_failure(pair.failed))
    text = (
        f"{decision.ratio:.3f} times the base's time over {len(pair.rounds.base)} rounds, p {decision.p:.2g}; held to "
        f"{decision.factor:.3f}, noise {100 * decision.floor:.1f} %"
    )
    return Finding(*where, decision.verdict, f"{text}; {decision.reason}" if decision.reason else text)


def exact_findings(pair: Pair) -> Iterator[Finding]:
    """About parameters, operations, graph breaks and peak memory, where both sides tell them."""
    base, head = pair.exact.get("base"), pair.exact.get("head")
    if base is None or head is None:
        return
    for quantity, before in base.items():
        after = head.get(quantity)
        if before is not None and after is not None:
            margin = _MEMORY_MARGIN if quantity == "peak memory" else 1.0
            verdict: Outcome = "same"
            if after > before * margin:
                verdict = "more"
            elif after * margin < before:
                verdict = "fewer"
            text = f"{quantity} {before:,} to {after:,}"
            yield Finding(pair.model, str(pair.configuration), quantity, verdict, text)


def _failure(failed: Mapping[str, str]) -> tuple[Outcome, str]:
    base, head = failed.get("base") or failed.get("again"), failed.get("head")
    if head and not base:
        return "newly failing", head
    if base and not head:
        return "fixed", f"the base fails: {base}"
    return "failing in both", head or "no times"
