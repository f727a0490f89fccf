"""The results of comparing two versions, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bench.profiling.decision import RoundTimes, TimingResult
from bench.records.profile import Configuration

__all__ = ["ExactQuantities", "QuantityResult", "VersionComparison", "VersionPair", "exact_results", "time_result"]

ExactQuantities = Mapping[str, int | None]
"""Quantities of a call that are counted, not timed: parameters, FLOPs, graph breaks; and peak memory."""

QuantityVerdict = Literal[
    "slower", "faster", "same", "INVALID", "more", "fewer", "newly failing", "fixed", "failing in both"
]

_REGRESSIONS = ("slower", "more", "newly failing")
_MEMORY_MARGIN = 1.05
"""Largest ratio of two peaks of memory that count as the same: they are measured, not counted."""


@dataclass(frozen=True)
class VersionPair:
    """One configuration of one model, measured in both versions.

    Attributes:
        model, configuration: the model and its configuration.
        exact: the exact quantities, by process (`base`, `head`, or `again`, the second one of the base).
        failed: why a process has no numbers, by process.
        rounds: the times, or None if a process failed.
    """

    model: str
    configuration: Configuration
    exact: Mapping[str, ExactQuantities]
    failed: Mapping[str, str]
    rounds: RoundTimes | None


@dataclass(frozen=True)
class QuantityResult:
    """The result for one quantity of one configuration: its time, or an exact quantity.

    Attributes:
        model, configuration: the model and its configuration.
        quantity: `time`, or the name of an exact quantity.
        verdict: slower, faster, same or INVALID of a time; more, fewer or same of an exact quantity; or about failures.
        text: the numbers.
    """

    model: str
    configuration: str
    quantity: str
    verdict: QuantityVerdict
    text: str

    @property
    def is_regression(self) -> bool:
        """Whether the gate fails on it."""
        return self.verdict in _REGRESSIONS


@dataclass(frozen=True)
class VersionComparison:
    """All results of a comparison of two versions.

    Attributes:
        results: in the order of models and configurations.
        pairs: raw times and counts.
        environment: the machine, and the version that was the base.
    """

    results: tuple[QuantityResult, ...]
    pairs: tuple[VersionPair, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)

    def exit_code(self, *, strict: bool = False) -> int:
        """1 if a result is a regression, or, if strict, INVALID; else 0."""
        invalid = strict and any(result.verdict == "INVALID" for result in self.results)
        return int(invalid or any(result.is_regression for result in self.results))

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, raw times included."""
        return {
            "findings": [asdict(result) for result in self.results],
            "pairs": [asdict(pair) for pair in self.pairs],
            "environment": dict(self.environment),
        }

    def as_text(self) -> str:
        """One line for each time and each changed quantity; a last line counts the quantities that are the same."""
        shown = [result for result in self.results if result.quantity == "time" or result.verdict != "same"]
        lines = [f"{result.verdict:<15} {result.model} {result.configuration}: {result.text}" for result in shown]
        same = len(self.results) - len(shown)
        base = self.environment.get("base", "the base")
        return "\n".join([f"this version against {base}:", *lines, f"{same} exact quantities are the same"]) + "\n"


def time_result(pair: VersionPair, timing: TimingResult | None) -> QuantityResult:
    """The result for the time of a configuration; about failures if there are no times."""
    where = pair.model, str(pair.configuration), "time"
    if timing is None or pair.rounds is None:
        return QuantityResult(*where, *_failure(pair.failed))
    text = (
        f"{timing.ratio:.3f} times the base's time over {len(pair.rounds.base)} rounds, p {timing.p:.2g}; threshold "
        f"{timing.factor:.3f}, noise {100 * timing.floor:.1f} %"
    )
    return QuantityResult(*where, timing.verdict, f"{text}; {timing.reason}" if timing.reason else text)


def exact_results(pair: VersionPair) -> Iterator[QuantityResult]:
    """The results for parameters, operations, graph breaks and peak memory, where both versions have them."""
    base, head = pair.exact.get("base"), pair.exact.get("head")
    if base is None or head is None:
        return
    for quantity, before in base.items():
        after = head.get(quantity)
        if before is not None and after is not None:
            margin = _MEMORY_MARGIN if quantity == "peak memory" else 1.0
            verdict: QuantityVerdict = "same"
            if after > before * margin:
                verdict = "more"
            elif after * margin < before:
                verdict = "fewer"
            text = f"{quantity} {before:,} to {after:,}"
            yield QuantityResult(pair.model, str(pair.configuration), quantity, verdict, text)


def _failure(failed: Mapping[str, str]) -> tuple[QuantityVerdict, str]:
    base, head = failed.get("base") or failed.get("again"), failed.get("head")
    if head and not base:
        return "newly failing", head
    if base and not head:
        return "fixed", f"the base fails: {base}"
    return "failing in both", head or "no times"
