"""What a comparison of two versions found, in words, in a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bench.profiling.decision import Decision, Rounds
from bench.records.profile import Configuration

__all__ = ["Exact", "Pair", "QuantityResult", "VersionComparison", "exact_results", "timing_result"]

Exact = Mapping[str, int | None]
QuantityOutcome = Literal[
    "slower", "faster", "same", "VOID", "more", "fewer", "newly failing", "fixed", "failing in both"
]

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
class QuantityResult:
    """One answer: about the time, or about something exact."""

    model: str
    configuration: str
    quantity: str
    verdict: QuantityOutcome
    text: str

    @property
    def is_regression(self) -> bool:
        """Whether the gate fails on it."""
        return self.verdict in _REGRESSIONS


@dataclass(frozen=True)
class VersionComparison:
    """All answers, and what they rest on.

    Attributes:
        quantity_results: in the order of models and configurations.
        pairs: raw times and counts.
        environment: the machine, and which version was the base.
    """

    quantity_results: tuple[QuantityResult, ...]
    pairs: tuple[Pair, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)

    def exit_code(self, *, strict: bool = False) -> int:
        """1 for a regression, and if strict for a VOID; else 0."""
        void = strict and any(quantity_result.verdict == "VOID" for quantity_result in self.quantity_results)
        return int(void or any(quantity_result.is_regression for quantity_result in self.quantity_results))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, raw times included."""
        return {
            "findings": [asdict(quantity_result) for quantity_result in self.quantity_results],
            "pairs": [asdict(pair) for pair in self.pairs],
            "environment": dict(self.environment),
        }

    def as_text(self) -> str:
        """A line a finding; what is the same is said in one line at the end."""
        told = [
            quantity_result
            for quantity_result in self.quantity_results
            if quantity_result.quantity == "time" or quantity_result.verdict != "same"
        ]
        lines = [f"{f.verdict:<15} {f.model} {f.configuration}: {f.text}" for f in told]
        same = len(self.quantity_results) - len(told)
        base = self.environment.get("base", "the base")
        return "\n".join([f"this version against {base}:", *lines, f"{same} exact quantities are the same"]) + "\n"


def timing_result(pair: Pair, decision: Decision | None) -> QuantityResult:
    """About the time; about failures where there is none."""
    where = pair.model, str(pair.configuration), "time"
    if decision is None or pair.rounds is None:
        return QuantityResult(*where, *_failure(pair.failed))
    text = (
        f"{decision.ratio:.3f} times the base's time over {len(pair.rounds.base)} rounds, p {decision.p:.2g}; held to "
        f"{decision.factor:.3f}, noise {100 * decision.floor:.1f} %"
    )
    return QuantityResult(*where, decision.verdict, f"{text}; {decision.reason}" if decision.reason else text)


def exact_results(pair: Pair) -> Iterator[QuantityResult]:
    """About parameters, operations, graph breaks and peak memory, where both sides tell them."""
    base, head = pair.exact.get("base"), pair.exact.get("head")
    if base is None or head is None:
        return
    for quantity, before in base.items():
        after = head.get(quantity)
        if before is not None and after is not None:
            margin = _MEMORY_MARGIN if quantity == "peak memory" else 1.0
            verdict: QuantityOutcome = "same"
            if after > before * margin:
                verdict = "more"
            elif after * margin < before:
                verdict = "fewer"
            text = f"{quantity} {before:,} to {after:,}"
            yield QuantityResult(pair.model, str(pair.configuration), quantity, verdict, text)


def _failure(failed: Mapping[str, str]) -> tuple[QuantityOutcome, str]:
    base, head = failed.get("base") or failed.get("again"), failed.get("head")
    if head and not base:
        return "newly failing", head
    if base and not head:
        return "fixed", f"the base fails: {base}"
    return "failing in both", head or "no times"
