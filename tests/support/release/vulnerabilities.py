"""Known vulnerabilities of the pinned packages, where the service of pip-audit can be reached."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.release.commands import run_command
from tests.support.release.report import NotChecked, Problem

__all__ = ["audit", "judge_audit"]

_PROBE = "numpy"
"""A package that any vulnerability service knows."""


def audit(constraints: Path, work: Path) -> str:
    """Ask for all pins. Raises Problem for a known vulnerability, and NotChecked if not every package was looked up."""
    pins = constraints.read_text(encoding="utf-8")
    probe = work / "probe.txt"
    probe.write_text("".join(f"{line}\n" for line in pins.splitlines() if line.startswith(f"{_PROBE}==")))
    judge_audit(_answer(probe, work))  # one question first: without a service the others would wait one by one
    return judge_audit(_answer(constraints, work))


def judge_audit(answer: Mapping[str, Any] | None) -> str:
    """What an answer of pip-audit means.

    pip-audit ends with 0 and "no known vulnerabilities" for packages that its service does not know, as behind a mirror
    that has no vulnerabilities. Such packages count as not checked here.
    """
    if answer is None:
        raise NotChecked("the vulnerability service is not reachable")
    packages = answer["dependencies"]
    found = [f"{one['name']} {one['version']}: {fault['id']}" for one in packages for fault in one.get("vulns", ())]
    if found:
        raise Problem(f"{len(found)} known vulnerabilities: {'; '.join(found)}")
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if len(skipped) == len(packages):
        raise NotChecked("the vulnerability service is not reachable: it knows none of the packages")
    if skipped:
        raise NotChecked(f"{len(skipped)} of {len(packages)} packages are unknown to the service: {', '.join(skipped)}")
    return f"no known vulnerability in {len(packages)} packages"


def _answer(requirements: Path, work: Path) -> dict[str, Any] | None:
    """The JSON of pip-audit, or None where no service answers. Raises Problem for any other failure."""
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--timeout", "20"]
    command: list[str | Path] = [sys.executable, "-m", "pip_audit", "--requirement", requirements, *options]
    done = run_command(command, work, check=False)
    if done.returncode in (0, 1) and done.stdout.strip():  # 1: vulnerabilities
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
    last = done.stderr.strip().rpartition("\n")[2]
    if any(word in done.stderr for word in ("ConnectionError", "Timeout", "ServiceError", "NameResolutionError")):
        return None
    raise Problem(f"pip-audit ended with {done.returncode}: {last}")
