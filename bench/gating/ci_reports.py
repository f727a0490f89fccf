"""A gate's findings for machines: JUnit XML and GitHub's annotations."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree as ET

from bench.gating.formatting import harmless, xml_text
from bench.gating.results import CheckResult, GateResult

__all__ = ["as_annotations", "as_junit"]


def as_junit(result: GateResult, *, strict: bool = False) -> str:
    """JUnit XML: a suite a protocol, a test case a finding.

    A regression is a failure, what cannot be compared an error, what is inconclusive is skipped (with `strict` a
    failure).
    """
    counts = result.counts()
    failing = counts["REGRESSION"] + (counts["INCONCLUSIVE"] if strict else 0)
    root = ET.Element(
        "testsuites",
        name="spgbench gate",
        tests=str(len(result.checks)),
        failures=str(failing),
        errors=str(counts["INCOMPARABLE"]),
        skipped=str(0 if strict else counts["INCONCLUSIVE"]),
    )
    ordered = sorted(result.checks, key=lambda check: check.protocol)
    for protocol, checks in groupby(ordered, key=lambda check: check.protocol):
        _suite(root, protocol or "models", list(checks), strict)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def as_annotations(result: GateResult) -> str:
    """GitHub workflow commands, one a line: errors for regressions and the incomparable, warnings for the undecided."""
    lines = []
    for check in result.of("INCOMPARABLE", "REGRESSION", "INCONCLUSIVE"):
        level = "warning" if check.verdict == "INCONCLUSIVE" else "error"
        title = _property(f"{check.verdict} {check.subject}")
        lines.append(f"::{level} title={title}::{_data(check.text)}\n")
    return "".join(lines)


def _suite(root: ET.Element, protocol: str, checks: list[CheckResult], strict: bool) -> None:
    tags = {
        "REGRESSION": "failure",
        "INCOMPARABLE": "error",
        "INCONCLUSIVE": "failure" if strict else "skipped",
    }
    used = [tags.get(check.verdict) for check in checks]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=xml_text(protocol),
        tests=str(len(checks)),
        failures=str(used.count("failure")),
        errors=str(used.count("error")),
        skipped=str(used.count("skipped")),
    )
    for check, tag in zip(checks, used, strict=True):
        name = f"{check.model} {check.metric or ('load' if check.gate == 'load' else 'cell')}"
        case = ET.SubElement(suite, "testcase", classname=xml_text(protocol), name=xml_text(name), time="0")
        if tag is None:
            continue
        element = ET.SubElement(case, tag, message=xml_text(check.text))
        if tag != "skipped":
            element.set("type", check.verdict)
        element.text = xml_text("\n".join([check.text, *check.samples]))


def _data(text: str) -> str:
    return harmless(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
