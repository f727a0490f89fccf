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
        tests=str(len(result.check_results)),
        failures=str(failing),
        errors=str(counts["INCOMPARABLE"]),
        skipped=str(0 if strict else counts["INCONCLUSIVE"]),
    )
    ordered = sorted(result.check_results, key=lambda check_result: check_result.protocol)
    for protocol, check_results in groupby(ordered, key=lambda check_result: check_result.protocol):
        _suite(root, protocol or "models", list(check_results), strict)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def as_annotations(result: GateResult) -> str:
    """GitHub workflow commands, one a line: errors for regressions and the incomparable, warnings for the undecided."""
    lines = []
    for check_result in result.of("INCOMPARABLE", "REGRESSION", "INCONCLUSIVE"):
        level = "warning" if check_result.verdict == "INCONCLUSIVE" else "error"
        title = _property(f"{check_result.verdict} {check_result.subject}")
        lines.append(f"::{level} title={title}::{_data(check_result.text)}\n")
    return "".join(lines)


def _suite(root: ET.Element, protocol: str, check_results: list[CheckResult], strict: bool) -> None:
    tags = {
        "REGRESSION": "failure",
        "INCOMPARABLE": "error",
        "INCONCLUSIVE": "failure" if strict else "skipped",
    }
    used = [tags.get(check_result.verdict) for check_result in check_results]
    suite = ET.SubElement(
        root,
        "testsuite",
        name=xml_text(protocol),
        tests=str(len(check_results)),
        failures=str(used.count("failure")),
        errors=str(used.count("error")),
        skipped=str(used.count("skipped")),
    )
    for check_result, tag in zip(check_results, used, strict=True):
        name = f"{check_result.model} {check_result.metric or 'cell'}"
        case = ET.SubElement(suite, "testcase", classname=xml_text(protocol), name=xml_text(name), time="0")
        if tag is None:
            continue
        element = ET.SubElement(case, tag, message=xml_text(check_result.text))
        if tag != "skipped":
            element.set("type", check_result.verdict)
        element.text = xml_text("\n".join([check_result.text, *check_result.samples]))


def _data(text: str) -> str:
    return harmless(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
