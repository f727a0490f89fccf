"""The results of a gate: one verdict for each metric of each cell, and the overall verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

__all__ = ["VERDICTS", "CheckResult", "GateResult", "Verdict", "gravest", "one_per_metric"]

Verdict = Literal["PASS", "INCONCLUSIVE", "REGRESSION", "INCOMPARABLE"]
VERDICTS: tuple[Verdict, ...] = ("INCOMPARABLE", "REGRESSION", "INCONCLUSIVE", "PASS")
"""Gravest first."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check of a gate.

    Attributes:
        verdict: PASS; REGRESSION; INCONCLUSIVE, too few pictures to tell; INCOMPARABLE, the two are unlike.
        gate: `regression`, `paired`, `cell` for missing cells, pictures and metrics, or `load` for a limit of latency.
        model: its name, or `telea -> ours`.
        protocol: empty for what concerns a whole model; `load p99<=50ms@20/s` for such a limit.
        metric: `metric.region`, or empty for what concerns a whole cell.
        text: what was found, a phrase.
        samples: the pictures that it is about, gravest first.
        unit: of the numbers below; each is None where it has no meaning.
        baseline_mean, candidate_mean, difference: over the pictures that have a difference; candidate minus baseline.
        ci95: clustered bootstrap interval of the difference.
        limit: the margin of the paired gate or the tolerance of the regression gate, in the unit.
        p_holm: corrected p-value of "no difference".
        n: differences.
        n_needed: pictures that a decision would take.
    """

    verdict: Verdict
    gate: Literal["regression", "paired", "cell", "load"]
    model: str
    protocol: str = ""
    metric: str = ""
    text: str = ""
    samples: tuple[str, ...] = ()
    unit: str = ""
    baseline_mean: float | None = None
    candidate_mean: float | None = None
    difference: float | None = None
    ci95: tuple[float, float] | None = None
    limit: float | None = None
    p_holm: float | None = None
    n: int = 0
    n_needed: int | None = None

    @property
    def subject(self) -> str:
        """`telea center-50@1 psnr.hole`."""
        return " ".join(part for part in (self.model, self.protocol, self.metric) if part)


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of some verdicts; PASS without any."""
    held = set(verdicts)
    return next((verdict for verdict in VERDICTS if verdict in held), "PASS")


def one_per_metric(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """The checks with those of one metric in one cell as a single one: the gravest verdict and all texts.

    The numbers are those of the comparison, the pictures those of the gravest.
    """
    merged: dict[tuple[str, str, str], CheckResult] = {}
    kept: list[CheckResult] = []
    for check in checks:
        key = (check.model, check.protocol, check.metric)
        if not check.metric:
            kept.append(check)
        elif key in merged:
            merged[key] = _both(merged[key], check)
        else:
            merged[key] = check
    return [*kept, *merged.values()]


def _both(one: CheckResult, other: CheckResult) -> CheckResult:
    first, second = sorted((one, other), key=lambda check: VERDICTS.index(check.verdict))
    numbers = one if one.gate != "cell" else other
    return replace(
        numbers, verdict=first.verdict, text=f"{first.text}; {second.text}", samples=first.samples or second.samples
    )


@dataclass(frozen=True)
class GateResult:
    """The results of all checks of a gate.

    Attributes:
        checks: in the order of the baseline: models, protocols, metrics.
        notes: what was not checked, with the reason.
    """

    checks: tuple[CheckResult, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of all checks."""
        return gravest(check.verdict for check in self.checks)

    @property
    def parts(self) -> dict[str, Verdict]:
        """The verdict on quality and that on the load; without a limit of latency nothing."""
        loads = [check.verdict for check in self.checks if check.gate == "load"]
        others = [check.verdict for check in self.checks if check.gate != "load"]
        return {"quality": gravest(others), "load": gravest(loads)} if loads else {}

    def counts(self) -> dict[Verdict, int]:
        """The number of checks with each verdict, gravest first."""
        held = Counter(check.verdict for check in self.checks)
        return {verdict: held[verdict] for verdict in VERDICTS}

    def of(self, *verdicts: Verdict) -> list[CheckResult]:
        """The checks with one of the verdicts, gravest first."""
        kept = [check for check in self.checks if check.verdict in verdicts]
        return sorted(kept, key=lambda check: VERDICTS.index(check.verdict))

    def exit_code(self, *, strict: bool = False) -> int:
        """0 pass, 1 regression (with `strict` also inconclusive), 2 what cannot be compared."""
        failing = ("REGRESSION", "INCONCLUSIVE") if strict else ("REGRESSION",)
        return 2 if self.verdict == "INCOMPARABLE" else 1 if self.verdict in failing else 0

    def as_json(self) -> dict[str, Any]:
        """Plain data; numbers that are not there are None."""
        return {
            "verdict": self.verdict,
            "counts": self.counts(),
            **({"parts": self.parts} if self.parts else {}),
            "notes": list(self.notes),
            "findings": [asdict(check) for check in self.checks],
        }
