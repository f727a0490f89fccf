"""A gate's findings as lines for a terminal and as a comment for a pull request."""

from __future__ import annotations

from itertools import groupby

from bench.gating.formatting import harmless, markdown_text
from bench.gating.results import VERDICTS, CheckResult, GateResult

__all__ = ["as_markdown", "as_text", "summary"]

_SIGNS = {"PASS": "✅", "REGRESSION": "❌", "INCONCLUSIVE": "⚠️", "INCOMPARABLE": "⛔"}


def summary(result: GateResult) -> str:
    """`REGRESSION: 2 regressions, 1 inconclusive, 45 passed`."""
    words = {
        "INCOMPARABLE": "not comparable",
        "REGRESSION": f"regression{'' if result.counts()['REGRESSION'] == 1 else 's'}",
        "INCONCLUSIVE": "inconclusive",
        "PASS": "passed",
    }
    counts = ", ".join(f"{count} {words[verdict]}" for verdict, count in result.counts().items() if count)
    return f"{result.verdict}: {counts or 'nothing to look at'}"


def as_text(result: GateResult) -> str:
    """A line a finding; what passed is a line a cell; the summary last."""
    lines = [
        f"{check_result.verdict:12}  {harmless(check_result.subject)}: {harmless(text)}"
        for check_result, text in _grave(result)
    ]
    for (model, protocol), check_results in groupby(result.of("PASS"), key=lambda one: (one.model, one.protocol)):
        lines.append(f"{'PASS':12}  {harmless(f'{model} {protocol}')}: {harmless(_names(list(check_results)))}")
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
        table = _table([(check_result, check_result.text) for check_result in passed])
        parts.append(f"<details><summary>{len(passed)} passed</summary>\n\n{table}\n\n</details>")
    if result.notes:
        parts.append("\n".join(f"- {markdown_text(note)}" for note in result.notes))
    return "\n\n".join(parts) + "\n"


def _names(check_results: list[CheckResult]) -> str:
    """What passed; of numbers by class, how many."""
    by_class = sum(check_result.metric.count(".") > 1 for check_result in check_results)
    names = [
        check_result.metric or check_result.text for check_result in check_results if check_result.metric.count(".") < 2
    ]
    return ", ".join([*names, f"{by_class} by class"] if by_class else names)


def _grave(result: GateResult) -> list[tuple[CheckResult, str]]:
    """What did not pass, gravest first, with its text.

    A change of the code moves all numbers of a cell at once: the golden findings of a cell are one line, the metric
    that changed in most pictures.
    """
    lines: list[tuple[CheckResult, str]] = []
    of_cell: dict[tuple[str, str], list[CheckResult]] = {}
    for check_result in result.of("INCOMPARABLE", "REGRESSION", "INCONCLUSIVE"):
        if check_result.gate == "golden":
            of_cell.setdefault((check_result.model, check_result.protocol), []).append(check_result)
        else:
            lines.append((check_result, check_result.text))
    for check_results in of_cell.values():
        first = max(
            check_results, key=lambda check_result: (len(check_result.samples), check_result.metric.endswith(".hole"))
        )
        rest = ", ".join(check_result.metric for check_result in check_results if check_result is not first)
        lines.append((first, f"{first.text}; changed too: {rest}" if rest else first.text))
    return sorted(lines, key=lambda line: VERDICTS.index(line[0].verdict))


def _table(check_results: list[tuple[CheckResult, str]]) -> str:
    head = ["| | model | protocol | metric | found |", "|---|---|---|---|---|"]
    rows = [
        f"| {_SIGNS[one.verdict]} | {markdown_text(one.model)} | {markdown_text(one.protocol)} "
        f"| {markdown_text(one.metric)} | {markdown_text(text)}{_worst(one)} |"
        for one, text in check_results
    ]
    return "\n".join([*head, *rows])


def _worst(check_result: CheckResult) -> str:
    if check_result.gate != "paired" or check_result.verdict == "PASS" or not check_result.samples:
        return ""
    return f"; worst: {markdown_text(', '.join(check_result.samples))}"
