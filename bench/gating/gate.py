"""`gate`: may this candidate replace the baseline?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.errors import UsageError
from bench.gating.comparability import hole_difference, refuse_other_pictures, signature_difference
from bench.gating.formatting import some
from bench.gating.load_limit import LoadLimit, load_checks
from bench.gating.margins import Margin, named_margins
from bench.gating.noninferiority import Question, SetQuestion, answer
from bench.gating.pairs import PairedCell
from bench.gating.regression import regression_check
from bench.gating.results import CheckResult, GateResult, one_per_metric
from bench.gating.rounding import limits
from bench.gating.selection import ModelPair, Selection, as_selection, pair_models
from bench.gating.sets import SetPair, set_regression_check
from bench.metrics.questions import chosen_keys
from bench.records import Run
from bench.records.spread import Spread, read_spread
from bench.registry import match_name

__all__ = ["gate"]


@dataclass
class _GateState:
    """The checks, questions and notes that `gate` collects over the cells."""

    left: Selection
    right: Selection
    margins: Mapping[str, Margin]
    tolerances: Mapping[str, Margin] | None
    asked: Collection[str]
    spread: Spread | None = None
    checks: list[CheckResult] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    set_questions: list[SetQuestion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def runs(self) -> tuple[Run, Run]:
        """Of the baseline and of the candidate."""
        return self.left.run, self.right.run


def gate(
    baseline: Run | Selection,
    candidate: Run | Selection,
    margins: Mapping[str, Margin | str] | None = None,
    *,
    regression: bool | None = None,
    suite: Mapping[str, Margin | str] | None = None,
    tolerances: Mapping[str, Margin | str] | None = None,
    metrics: Collection[str] | None = None,
    regions: Collection[str] | None = None,
    latency: Sequence[LoadLimit] = (),
    seed: int = 0,
) -> GateResult:
    """Decide whether the candidate is a regression.

    There are two gates. The *regression* gate is for a model with the same fingerprint in both runs: every value of
    every picture must be the same within a tolerance. The *paired* gate is for other weights: the mean must not be
    worse than a margin allows. Both first check that all cells and pictures are still there.

    Args:
        baseline, candidate: runs of `bench.records.read_run`, or one model of each (`Selection(run, "telea")`).
        margins: `metric.region` to margin (`"0.05dB"`); giving margins asks for the paired gate. None takes those of
            the suite, and if that has none `default_margins`.
        regression: True asks for the regression gate, False for the paired one; None chooses for each pair of models.
        suite: the margins of a suite; None: of the suite that the baseline was run with, as its run.json has them.
        tolerances: `metric.region` to tolerance, before those of the baseline's spread (`bench.records.spread`)
            where it has one, else before those of `default_tolerances`.
        metrics, regions: what the gate looks at; None: at everything. Tests are corrected over what it looks at.
        latency: limits that the load records of every model of the candidate must hold, too.
        seed: of the random draws.

    Raises:
        UsageError: when the runs are of other pictures, have no model in common, or a cell was edited or damaged; when
            no margin is of these metrics and regions.
        DataError: when the baseline's spread is damaged, or of another run.
        UnknownName: for a margin or tolerance of a metric that the baseline does not have; for an unknown metric or
            region.
    """
    left, right = as_selection(baseline), as_selection(candidate)
    if regression and margins is not None:
        raise UsageError("a regression gate", "have tolerances", "margins", "Give --tolerance in place of --fail.")
    refuse_other_pictures(left, right)
    units = _units(left)
    pairing = pair_models(left, right)
    checked = None if tolerances is None else named_margins(tolerances, units, "--tolerance")
    same = {pair: left.models[pair.baseline] == right.models[pair.candidate] for pair in pairing.pairs}
    modes = {pair: regression if regression is not None else same[pair] and margins is None for pair in pairing.pairs}
    state = _GateState(left, right, {}, checked, set(chosen_keys(units, metrics, regions)))
    if any(modes.values()):
        state.spread = read_spread(left.run)
    if not all(modes.values()):
        every = _given_margins(state, margins, units) if margins is not None else _suite_margins(state, suite, units)
        state.margins = {name: margin for name, margin in every.items() if name in state.asked}
        if not state.margins:
            asked = "--metrics and --regions of the gate"
            raise UsageError(asked, "choose a metric with a margin", f"margins of {', '.join(every)}", "Give --fail.")
    state.checks += [
        CheckResult("REGRESSION", "cell", model, text="vanished: the candidate does not have this model")
        for model in pairing.vanished
    ]
    state.notes += [f"{model}: new, there is nothing to hold it against" for model in pairing.new]
    for pair, by_regression in modes.items():
        for protocol in left.run.info.protocols:
            _check_cell(state, pair, protocol, by_regression)
    state.notes += _new_protocols(left, right)
    state.checks += answer(state.questions, state.set_questions, seed=seed)
    order = {name: index for index, name in enumerate([*pairing.vanished, *(pair.title for pair in pairing.pairs)])}
    quality = _ordered(one_per_metric(state.checks), order, left.run.info.protocols)
    return GateResult((*quality, *load_checks(right, latency)), tuple(state.notes))


def _given_margins(
    state: _GateState, margins: Mapping[str, Margin | str], units: Mapping[str, str]
) -> dict[str, Margin]:
    """Those that the caller names; raises UsageError, with the reason, for a metric that every cell refuses."""
    refused = _refused(state.left)
    for name in (match_name(given, refused) for given in margins):
        if name is not None:
            must, fix = "be of a metric that the baseline has", "Name another metric."
            raise UsageError(f"margin of {name}", must, f"none, because it {refused[name]}", fix)
    return named_margins(margins, units)


def _suite_margins(
    state: _GateState, suite: Mapping[str, Margin | str] | None, units: Mapping[str, str]
) -> dict[str, Margin]:
    """Of the suite, less what the baseline does not measure, which is noted; the usual ones without any."""
    info, refused = state.left.run.info, _refused(state.left)
    wanted = dict(info.gate if suite is None else suite)
    for name in list(wanted):
        metric = name.partition(".")[0]  # not yet a MetricKey: an unknown region is refused below, with suggestions
        reason = info.unavailable.get(metric) or refused.get(name)
        if reason and name not in units:
            state.notes.append(f"{name}: the baseline does not have it, its margin is not held: {reason}")
            del wanted[name]
    return named_margins(wanted or None, units, "the suite's gate")


def _refused(side: Selection) -> dict[str, str]:
    """`metric.region` to why no whole cell has it, of what some cell refuses."""
    cells = side.run.cells.values()
    measured = {name for cell in cells for name in cell.metrics}
    return {name: why for cell in cells for name, why in cell.refused.items() if name not in measured}


def _units(side: Selection) -> dict[str, str]:
    """`metric.region` to unit, of everything in the whole cells."""
    cells = side.run.cells.values()
    units = {name: score.unit for cell in cells for name, score in (cell.metrics | cell.by_class).items()}
    if not units:
        raise UsageError(
            f"baseline {side.run.layout.out}", "hold at least one whole cell", "none", "Finish its run first."
        )
    return units


def _check_cell(state: _GateState, pair: ModelPair, protocol: str, by_regression: bool) -> None:
    """Everything about one pair of cells: what is found at once, and the questions for statistics."""
    before = state.left.values(pair.baseline, protocol)
    after = state.right.values(pair.candidate, protocol)
    if before is None:
        state.notes.append(f"{pair.title} {protocol}: no whole cell of the baseline, not looked at")
        return
    if after is None:
        state.checks.append(
            CheckResult("REGRESSION", "cell", pair.title, protocol, text=_vanished(state.right, protocol))
        )
        return
    unlike = hole_difference(before, after)
    if unlike:
        state.checks.append(CheckResult("INCOMPARABLE", "cell", pair.title, protocol, text=unlike))
        return
    both = PairedCell(before, after)
    state.checks += _shrinkage(pair.title, protocol, both)
    for metric in before.scores if by_regression else state.margins:
        if metric in before.scores and metric in state.asked:
            _check_metric(state, pair.title, protocol, both, metric, by_regression)
    if not by_regression:
        _note_refused(state, protocol, before.cell.refused)


def _note_refused(state: _GateState, protocol: str, refused: Mapping[str, str]) -> None:
    """Say once a protocol which margins are not held there, because the metric is not taken under it."""
    reasons: dict[str, list[str]] = {}
    for metric in state.margins:
        if metric in refused:
            reasons.setdefault(refused[metric], []).append(metric)
    for reason, metrics in reasons.items():
        note = f"{protocol}: the margin of {', '.join(metrics)} is not held: {reason}"
        state.notes += [] if note in state.notes else [note]


def _check_metric(
    state: _GateState, model: str, protocol: str, both: PairedCell, metric: str, by_regression: bool
) -> None:
    obstacle = _obstacle(model, protocol, metric, both)
    if obstacle is not None:
        state.checks.append(obstacle)
    elif both.baseline.scores[metric].of_set:
        _check_set_metric(
            state, model, protocol, SetPair(metric, both.baseline, both.candidate, state.runs), by_regression
        )
    elif by_regression:
        allowed = limits(both, metric, state.tolerances, state.spread)
        state.checks.append(regression_check(model, protocol, both, metric, allowed))
    else:
        state.checks += _newly_undefined(model, protocol, both, metric)
        state.questions.append(Question(model, protocol, metric, both.values(metric), state.margins[metric]))


def _check_set_metric(state: _GateState, model: str, protocol: str, pair: SetPair, by_regression: bool) -> None:
    if by_regression:
        state.checks.append(set_regression_check(model, protocol, pair, (state.tolerances or {}).get(pair.metric)))
    else:
        state.set_questions.append(SetQuestion(model, protocol, pair, state.margins[pair.metric]))


def _vanished(right: Selection, protocol: str) -> str:
    if protocol in right.run.info.protocols:
        return "vanished: the candidate's cell is not whole; finish its run"
    versions = [name for name in right.run.info.protocols if name.partition("@")[0] == protocol.partition("@")[0]]
    return f"vanished: the candidate has no {protocol}" + (f", but {some(versions)}" if versions else "")


def _shrinkage(model: str, protocol: str, both: PairedCell) -> Iterable[CheckResult]:
    n = len(both.baseline.ok)
    if both.newly_failing:
        reason = both.candidate.reasons[both.newly_failing[0]]
        text = f"failed in {len(both.newly_failing)} of {n} pictures: {some(both.newly_failing)}: {some([reason])}"
        yield CheckResult("REGRESSION", "cell", model, protocol, text=text, samples=both.newly_failing, n=n)
    if both.gone:
        text = f"shrank: {len(both.gone)} of {n} pictures are no longer there: {some(both.gone)}"
        yield CheckResult("REGRESSION", "cell", model, protocol, text=text, samples=both.gone, n=n)
    if both.fixed:
        text = f"fixed: {len(both.fixed)} pictures that failed: {some(both.fixed)}"
        yield CheckResult("PASS", "cell", model, protocol, text=text, samples=both.fixed, n=n)


def _obstacle(model: str, protocol: str, metric: str, both: PairedCell) -> CheckResult | None:
    """What stands in the way of comparing one metric, if anything does."""
    first, second = both.baseline.scores[metric], both.candidate.scores.get(metric)
    if second is None and metric in both.candidate.cell.refused:
        text = f"the candidate does not have it: {both.candidate.cell.refused[metric]}"
        return CheckResult("INCOMPARABLE", "cell", model, protocol, metric, text)
    if second is None:
        text = "vanished: the candidate does not have this metric"
        return CheckResult("REGRESSION", "cell", model, protocol, metric, text)
    unlike = signature_difference(first.signature, second.signature)
    if unlike:
        return CheckResult("INCOMPARABLE", "cell", model, protocol, metric, f"unlike signatures: {unlike}")
    return None


def _newly_undefined(model: str, protocol: str, both: PairedCell, metric: str) -> Iterable[CheckResult]:
    values = both.values(metric)
    lost = np.flatnonzero(~np.isnan(values.baseline) & np.isnan(values.candidate))
    if len(lost):
        samples = tuple(values.samples[index] for index in lost)
        text = f"shrank: undefined in {len(lost)} pictures that had a value: {some(samples)}"
        yield CheckResult("REGRESSION", "cell", model, protocol, metric, text, samples)


def _new_protocols(left: Selection, right: Selection) -> list[str]:
    known = left.run.info.protocols
    new = [name for name in right.run.info.protocols if name not in known]
    return [f"{name}: new, there is nothing to hold it against" for name in new]


def _ordered(
    checks: Iterable[CheckResult], models: Mapping[str, int], protocols: Sequence[str]
) -> tuple[CheckResult, ...]:
    rank = {name: index for index, name in enumerate(["", *protocols])}
    return tuple(sorted(checks, key=lambda check: (models[check.model], rank[check.protocol])))
