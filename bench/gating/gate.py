"""`gate`: may this candidate replace the baseline?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bench.errors import UsageError
from bench.gating.comparison import as_selection
from bench.gating.findings import Finding, GateResult
from bench.gating.golden import golden_finding
from bench.gating.likeness import refuse_other_pictures, unlike_holes, unlike_signature
from bench.gating.margins import Margin, named_margins
from bench.gating.noninferiority import Question, answer
from bench.gating.pairs import PairedCell
from bench.gating.selection import ModelPair, Selection, pair_models
from bench.gating.wording import some
from bench.records import Run

__all__ = ["gate"]


@dataclass
class _Work:
    """What is gathered on the way through the cells."""

    left: Selection
    right: Selection
    margins: Mapping[str, Margin]
    tolerances: Mapping[str, Margin] | None
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gate(
    baseline: Run | Selection,
    candidate: Run | Selection,
    margins: Mapping[str, Margin | str] | None = None,
    *,
    golden: bool | None = None,
    tolerances: Mapping[str, Margin | str] | None = None,
    seed: int = 0,
) -> GateResult:
    """Decide whether the candidate is a regression.

    Two gates. *Golden*, for a model with the same fingerprint on both sides: every picture's value of every metric must
    be the same within a tolerance. *Paired*, for other weights: the mean must not be worse than a margin allows. Both
    look first whether all cells and pictures are still there.

    Args:
        baseline, candidate: runs of `bench.records.read_run`, or one model of each (`Selection(run, "telea")`).
        margins: `metric.region` to margin (`"0.05dB"`); None takes `bench.gating.MARGINS`. Giving margins asks for
            the paired gate.
        golden: True or False asks for one gate; None chooses for each pair of models.
        tolerances: `metric.region` to tolerance, beside those of `bench.gating.TOLERANCES`.
        seed: of the random draws.

    Raises:
        UsageError: when the runs are of other pictures, have no model in common, or a cell was edited or damaged.
        UnknownName: for a margin or tolerance of a metric that the baseline does not have.
    """
    left, right = as_selection(baseline), as_selection(candidate)
    if golden and margins is not None:
        raise UsageError("a golden gate", "have tolerances", "margins", "Give --tolerance in place of --fail.")
    refuse_other_pictures(left, right)
    units = _units(left)
    pairing = pair_models(left, right)
    checked = None if tolerances is None else named_margins(tolerances, units, "--tolerance")
    same = {pair: left.models[pair.baseline] == right.models[pair.candidate] for pair in pairing.pairs}
    modes = {pair: golden if golden is not None else same[pair] and margins is None for pair in pairing.pairs}
    needs_margins = not all(modes.values())
    work = _Work(left, right, named_margins(margins, units) if needs_margins else {}, checked)
    work.findings += [
        Finding("REGRESSION", "cell", model, text="vanished: the candidate does not have this model")
        for model in pairing.vanished
    ]
    work.notes += [f"{model}: new, there is nothing to hold it against" for model in pairing.new]
    for pair, is_golden in modes.items():
        for protocol in left.run.info["protocols"]:
            _look(work, pair, protocol, is_golden)
    work.notes += _new_protocols(left, right)
    work.findings += answer(work.questions, seed=seed)
    order = {name: index for index, name in enumerate([*pairing.vanished, *(pair.title for pair in pairing.pairs)])}
    return GateResult(_ordered(work.findings, order, left.run.info["protocols"]), tuple(work.notes))


def _units(side: Selection) -> dict[str, str]:
    """`metric.region` to unit, of everything in the whole cells."""
    units = {name: score.unit for cell in side.run.cells.values() for name, score in cell.metrics.items()}
    if not units:
        raise UsageError(
            f"baseline {side.run.layout.out}", "hold at least one whole cell", "none", "Finish its run first."
        )
    return units


def _look(work: _Work, pair: ModelPair, protocol: str, is_golden: bool) -> None:
    """Everything about one pair of cells: what is found at once, and the questions for statistics."""
    before = work.left.values(pair.baseline, protocol)
    after = work.right.values(pair.candidate, protocol)
    if before is None:
        work.notes.append(f"{pair.title} {protocol}: no whole cell of the baseline, not looked at")
        return
    if after is None:
        work.findings.append(Finding("REGRESSION", "cell", pair.title, protocol, text=_vanished(work.right, protocol)))
        return
    unlike = unlike_holes(before, after)
    if unlike:
        work.findings.append(Finding("INCOMPARABLE", "cell", pair.title, protocol, text=unlike))
        return
    both = PairedCell(before, after)
    work.findings += _shrinkage(pair.title, protocol, both)
    for metric in before.cell.metrics if is_golden else work.margins:
        if metric in before.cell.metrics:
            _look_at_metric(work, pair.title, protocol, both, metric, is_golden)


def _look_at_metric(work: _Work, model: str, protocol: str, both: PairedCell, metric: str, is_golden: bool) -> None:
    obstacle = _obstacle(model, protocol, metric, both)
    if obstacle is not None:
        work.findings.append(obstacle)
    elif is_golden:
        work.findings.append(golden_finding(model, protocol, both, metric, work.tolerances))
    else:
        work.findings += _newly_undefined(model, protocol, both, metric)
        work.questions.append(Question(model, protocol, metric, both.values(metric), work.margins[metric]))


def _vanished(right: Selection, protocol: str) -> str:
    if protocol in right.run.info["protocols"]:
        return "vanished: the candidate's cell is not whole; finish its run"
    versions = [name for name in right.run.info["protocols"] if name.partition("@")[0] == protocol.partition("@")[0]]
    return f"vanished: the candidate has no {protocol}" + (f", but {some(versions)}" if versions else "")


def _shrinkage(model: str, protocol: str, both: PairedCell) -> Iterable[Finding]:
    n = len(both.baseline.ok)
    if both.newly_failing:
        reason = both.candidate.reasons[both.newly_failing[0]]
        text = f"failed in {len(both.newly_failing)} of {n} pictures: {some(both.newly_failing)}: {some([reason])}"
        yield Finding("REGRESSION", "cell", model, protocol, text=text, samples=both.newly_failing, n=n)
    if both.gone:
        text = f"shrank: {len(both.gone)} of {n} pictures are no longer there: {some(both.gone)}"
        yield Finding("REGRESSION", "cell", model, protocol, text=text, samples=both.gone, n=n)
    if both.fixed:
        text = f"fixed: {len(both.fixed)} pictures that failed: {some(both.fixed)}"
        yield Finding("PASS", "cell", model, protocol, text=text, samples=both.fixed, n=n)


def _obstacle(model: str, protocol: str, metric: str, both: PairedCell) -> Finding | None:
    """What stands in the way of comparing one metric, if anything does."""
    first, second = both.baseline.cell.metrics[metric], both.candidate.cell.metrics.get(metric)
    if second is None:
        text = "vanished: the candidate does not have this metric"
        return Finding("REGRESSION", "cell", model, protocol, metric, text)
    unlike = unlike_signature(first.signature, second.signature)
    if unlike:
        return Finding("INCOMPARABLE", "cell", model, protocol, metric, f"unlike signatures: {unlike}")
    return None


def _newly_undefined(model: str, protocol: str, both: PairedCell, metric: str) -> Iterable[Finding]:
    values = both.values(metric)
    lost = np.flatnonzero(~np.isnan(values.baseline) & np.isnan(values.candidate))
    if len(lost):
        samples = tuple(values.samples[index] for index in lost)
        text = f"shrank: undefined in {len(lost)} pictures that had a value: {some(samples)}"
        yield Finding("REGRESSION", "cell", model, protocol, metric, text, samples)


def _new_protocols(left: Selection, right: Selection) -> list[str]:
    known = left.run.info["protocols"]
    new = [name for name in right.run.info["protocols"] if name not in known]
    return [f"{name}: new, there is nothing to hold it against" for name in new]


def _ordered(findings: Iterable[Finding], models: Mapping[str, int], protocols: list[str]) -> tuple[Finding, ...]:
    rank = {name: index for index, name in enumerate(["", *protocols])}
    return tuple(sorted(findings, key=lambda finding: (models[finding.model], rank[finding.protocol])))
