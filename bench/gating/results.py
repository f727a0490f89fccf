"""The results of a gate: one verdict for each metric of each cell, and the overall verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["VERDICTS", "CheckResult", "GateResult", "Verdict"]

Verdict = Literal["PASS", "INCONCLUSIVE", "REGRESSION", "INCOMPARABLE"]
VERDICTS: tuple[Verdict, ...] = ("INCOMPARABLE", "REGRESSION", "INCONCLUSIVE", "PASS")
"""Gravest first."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check of a gate.

    Attributes:
        verdict: PASS; REGRESSION; INCONCLUSIVE, too few pictures to tell; INCOMPARABLE, the two are unlike.
        gate: `regression`, `paired`, or `cell` for missing cells, pictures and metrics.
        model: its name, or `telea -> ours`.
        protocol: empty for what concerns a whole model.
        metric: `metric.region`, or empty for what concerns a whole cell.
        text: what was found, a phrase.
        samples: the pictures that it is about, gravest first.
        unit: of the numbers below; each is None where it has no meaning.
        baseline_mean, candidate_mean, difference: over the pictures where both are finite; candidate minus baseline.
        ci95: clustered bootstrap interval of the difference.
        limit: the margin of the paired gate or the tolerance of the regression gate, in the unit.
        p_holm: corrected p-value of "no difference".
        n: differences.
        n_needed: pictures that a decision would take.
    """

    verdict: Verdict
    gate: Literal["regression", "paired", "cell"]
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
        held = {check.verdict for check in self.checks}
        return next((verdict for verdict in VERDICTS if verdict in held), "PASS")

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
            "notes": list(self.notes),
            "findings": [asdict(check) for check in self.checks],
        }
