"""The outcome of each check, and the line that says it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

import typer

__all__ = ["NotChecked", "Problem", "Report"]


class Problem(Exception):
    """A release would be wrong; the message says why."""


class NotChecked(Exception):
    """A service that a check needs cannot be reached; this is neither a pass nor a failure."""


@dataclass
class Report:
    """Runs checks and counts failures.

    Attributes:
        failed: names of the checks that failed.
        unchecked: names of the checks that could not be made.
    """

    failed: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def check(self, name: str, function: Callable[[], str]) -> bool:
        """Print one line; true if the check did not fail. `function` returns what was found, or raises."""
        try:
            line = f"ok           {name}: {function()}"
        except NotChecked as reason:
            self.unchecked.append(name)
            line = f"not checked  {name}: {reason}"
        except subprocess.CalledProcessError as error:
            line = self._failure(name, f"{_command(error)} ended with {error.returncode}:\n{_last_lines(error)}")
        except Exception as error:  # noqa: BLE001 (the other checks still run; each failure is a finding)
            line = self._failure(name, str(error) if isinstance(error, Problem) else f"{type(error).__name__}: {error}")
        typer.echo(line)
        return name not in self.failed

    def summary(self) -> str:
        """The last line."""
        if self.failed:
            return f"release-check: {len(self.failed)} checks failed: {', '.join(self.failed)}"
        left = f"; not checked: {', '.join(self.unchecked)}" if self.unchecked else ""
        return f"release-check: no check failed{left}"

    def _failure(self, name: str, why: str) -> str:
        self.failed.append(name)
        return f"FAILED       {name}: {why}"


def _command(error: subprocess.CalledProcessError) -> str:
    return " ".join(map(str, error.cmd))[:300]


def _last_lines(error: subprocess.CalledProcessError) -> str:
    text = "\n".join(part for part in (error.stdout, error.stderr) if isinstance(part, str) and part)
    return "\n".join(f"    {line}" for line in text.splitlines()[-20:])
