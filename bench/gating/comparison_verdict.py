"""A comparison in a sentence for each group of candidates with the same outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.gating.comparison import ComparedCell, Comparison, ComparisonOutcome
from bench.gating.formatting import harmless, some
from bench.metrics import MetricKey, metric_title

__all__ = ["comparison_verdicts"]

_MAIN = ("psnr.hole", "ssim.hole", "psnr.full")
_FEW = 30

_WORDS: dict[ComparisonOutcome, str] = {
    "better": "better than",
    "worse": "worse than",
    "unclear": "not distinguishable from",
    "incomparable": "not comparable with",
    "": "not tested against",
}

Outcomes = tuple[tuple[ComparisonOutcome, tuple[str, ...]], ...]


def comparison_verdicts(comparison: Comparison, metric: str | None = None) -> list[str]:
    """`By PSNR hole, lama is better than telea in 3 of 4 protocols, not distinguishable from it in object.`

    The outcomes are those of the comparison: paired tests over pictures, corrected together.

    Args:
        comparison: of any number of candidates.
        metric: `metric.region`; None: PSNR of the hole, or what the runs have in its place.
    """
    known = [row.metric for cell in comparison.cells for row in cell.differences]
    chosen = metric or next((name for name in (*_MAIN, *known) if name in known), None)
    if chosen is None:
        return []
    pairs: dict[tuple[str, str, str], list[ComparedCell]] = {}
    for cell in comparison.cells:
        pairs.setdefault((cell.candidate, cell.pair.baseline, cell.pair.candidate), []).append(cell)
    alike: dict[tuple[str, Outcomes, int], list[str]] = {}
    for (_, baseline, candidate), cells in pairs.items():
        same = candidate == baseline
        names = ("its baseline" if same else harmless(baseline)), harmless(candidate)
        alike.setdefault((names[0], _outcomes(cells, chosen), _pictures(cells, chosen)), []).append(names[1])
    key = MetricKey.parse(chosen)
    title = f"{metric_title(key.metric)} {key.region}"
    return [f"By {title}, {_sentence(names, *facts)}." for facts, names in alike.items()]


def _sentence(candidates: Sequence[str], baseline: str, outcomes: Outcomes, pictures: int) -> str:
    every = sum(len(protocols) for _, protocols in outcomes)
    verb = "is" if len(candidates) == 1 else "are"
    subject = f"{some(candidates, 3)} {verb} "
    clauses = [
        f"{_WORDS[outcome]} {'it' if place else baseline} {_where(protocols, every)}"
        for place, (outcome, protocols) in enumerate(outcomes)
    ]
    unclear = any(outcome == "unclear" for outcome, _ in outcomes)
    few = f"; {pictures} pictures are few for a test" if unclear and pictures < _FEW else ""
    return subject + ", ".join(clauses) + few


def _outcomes(cells: Sequence[ComparedCell], metric: str) -> Outcomes:
    """Each outcome with the protocols that have it."""
    found: dict[ComparisonOutcome, list[str]] = {outcome: [] for outcome in _WORDS}
    for cell in cells:
        outcome = next((row.outcome for row in cell.differences if row.metric == metric), None)
        found["incomparable" if outcome is None else outcome].append(harmless(cell.protocol.partition("@")[0]))
    return tuple((outcome, tuple(protocols)) for outcome, protocols in found.items() if protocols)


def _pictures(cells: Sequence[ComparedCell], metric: str) -> int:
    return min(_counts(cells, metric), default=0)


def _counts(cells: Sequence[ComparedCell], metric: str) -> Iterator[int]:
    rows = (row for cell in cells for row in cell.differences if row.metric == metric)
    return (row.statistics.n for row in rows if row.statistics)


def _where(protocols: Sequence[str], every: int) -> str:
    if 1 < every == len(protocols):
        return f"in {'both' if every == 2 else f'all {every}'} protocols"
    if len(protocols) > every / 2 > 1:
        return f"in {len(protocols)} of {every} protocols"
    return f"in {some(protocols, 3)}"
