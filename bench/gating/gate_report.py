"""The results of a gate as lines for a terminal and as a comment for a pull request."""

from __future__ import annotations

from itertools import groupby

from bench.gating.formatting import harmless, markdown_text
from bench.gating.results import VERDICTS, CheckResult, GateResult
from bench.metrics.definition import MetricKey

__all__ = ["as_markdown", "as_text", "summary"]

_SIGNS = {"PASS": "✅", "REGRESSION": "❌", "INCONCLUSIVE": "⚠️", "INCOMPARABLE": "⛔"}


def summary(result: GateResult) -> str:
    """`REGRESSION: 2 regressions, 45 passed`; with a limit of latency ` (quality PASS, load REGRESSION)` behind it."""
    words = {
        "INCOMPARABLE": "not comparable",
        "REGRESSION": f"regression{'' if result.counts()['REGRESSION'] == 1 else 's'}",
        "INCONCLUSIVE": "inconclusive",
        "PASS": "passed",
    }
    counts = ", ".join(f"{count} {words[verdict]}" for verdict, count in result.counts().items() if count)
    parts = f" ({', '.join(f'{name} {verdict}' for name, verdict in result.parts.items())})" if result.parts else ""
    return f"{result.verdict}: {counts or 'nothing to look at'}{parts}"


def as_text(result: GateResult) -> str:
    """A line for each check that did not pass, a line for each cell with those that passed, and the summary."""
    lines = [f"{check.verdict:12}  {harmless(check.subject)}: {harmless(text)}" for check, text in _grave(result)]
    for (model, protocol), checks in groupby(result.of("PASS"), key=lambda one: (one.model, one.protocol)):
        lines.append(f"{'PASS':12}  {harmless(f'{model} {protocol}')}: {harmless(_names(list(checks)))}")
    lines += [f"{'note':12}  {harmless(note)}" for note in result.notes]
    return "\n".join([*lines, summary(result)]) + "\n"


def as_markdown(result: GateResult) -> str:
    """What did not pass in a table, what passed folded away; names are escaped."""
    parts = [f"### {_SIGNS[result.verdict]} {summary(result)}"]
    grave = _grave(result)
    if grave:
        parts.append(_table(grave))
    passed = result.of("PASS")
    if passed:
        table = _table([(check, check.text) for check in passed])
        parts.append(f"<details><summary>{len(passed)} passed</summary>\n\n{table}\n\n</details>")
    if result.notes:
        parts.append("\n".join(f"- {markdown_text(note)}" for note in result.notes))
    return "\n\n".join(parts) + "\n"


def _names(checks: list[CheckResult]) -> str:
    """The names of what passed, and the number of values by class."""
    by_class = [check for check in checks if check.metric and MetricKey.parse(check.metric).class_name]
    names = [check.metric or check.text for check in checks if check not in by_class]
    return ", ".join([*names, f"{len(by_class)} by class"] if by_class else names)


def _grave(result: GateResult) -> list[tuple[CheckResult, str]]:
    """What did not pass, gravest first, with its text.

    A change of the code changes all numbers of a cell at once, so the checks of the regression gate for a cell share
    one line, of the metric that changed in most pictures.
    """
    lines: list[tuple[CheckResult, str]] = []
    of_cell: dict[tuple[str, str], list[CheckResult]] = {}
    for check in result.of("INCOMPARABLE", "REGRESSION", "INCONCLUSIVE"):
        if check.gate == "regression":
            of_cell.setdefault((check.model, check.protocol), []).append(check)
        else:
            lines.append((check, check.text))
    for checks in of_cell.values():
        first = max(checks, key=lambda check: (len(check.samples), check.metric.endswith(".hole")))
        rest = ", ".join(check.metric for check in checks if check is not first)
        lines.append((first, f"{first.text}; changed too: {rest}" if rest else first.text))
    return sorted(lines, key=lambda line: VERDICTS.index(line[0].verdict))


def _table(checks: list[tuple[CheckResult, str]]) -> str:
    head = ["| | model | protocol | metric | found |", "|---|---|---|---|---|"]
    rows = [
        f"| {_SIGNS[one.verdict]} | {markdown_text(one.model)} | {markdown_text(one.protocol)} "
        f"| {markdown_text(one.metric)} | {markdown_text(text)}{_worst(one)} |"
        for one, text in checks
    ]
    return "\n".join([*head, *rows])


def _worst(check: CheckResult) -> str:
    if check.gate != "paired" or check.verdict == "PASS" or not check.samples:
        return ""
    return f"; worst: {markdown_text(', '.join(check.samples))}"
