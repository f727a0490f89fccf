"""Everything that only a GPU can show, in eight minutes: `python -m tests.support.gpu.session OUT`.

Runs the tests that need a GPU and the measuring commands of this folder, each within a time limit, and never stops at
the first failure. Prints what passed, what was reached and what was missed; OUT holds every output and the device
reference with its raw samples. It needs the repository and its packages, installed or not; some tests read the weights
that ship.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tests.support.gpu.children import child_environment

__all__ = ["STEPS", "Step", "verdicts"]

_PYTEST = (
    "-m",
    "pytest",
    "-p",
    "tests.support.gpu.only",
    "-p",
    "no:cacheprovider",
    "-q",
    "--show-capture=no",
    "--benchmark-disable",
)
_BRIEF = ("--seconds", "0.5", "--samples", "15", "--retries", "0", "--budget", "95")
_NOISE = "tests/profiling/test_noise_on_a_gpu.py"


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        name: of its output.
        arguments: of Python.
        seconds: after which it is stopped.
        read: the verdicts in what it printed.
    """

    name: str
    arguments: tuple[str, ...]
    seconds: float
    read: Callable[[str], list[str]]


def of_tests(printed: str) -> list[str]:
    """Failed tests, and the closing line."""
    failed = re.findall(r"^(?:FAILED|ERROR) .*", printed, re.MULTILINE)
    closing = [line for line in printed.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
    return [*(f"FAILED: {line[:150]}" for line in failed), *(f"tests: {line.strip('= ')}" for line in closing[-1:])]


def of_targets(printed: str) -> list[str]:
    """Lines of the device reference."""
    return re.findall(r"^(?:reached|MISSED|not measured): .*", printed, re.MULTILINE)


def of_training(printed: str) -> list[str]:
    """Pictures a second with a graph over those without, and the share of the time that waits for data."""
    rates: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    pattern = r"^(\S+) \d+x\d+ batch +(\d+) (called|graph) *: +([\d.]+) pictures/s.* ([\d.]+)% waiting"
    for preset, batch, mode, rate, waiting in re.findall(pattern, printed, re.MULTILINE):
        rates.setdefault((preset, batch), {})[mode] = float(rate), float(waiting)
    made = []
    for (preset, batch), both in rates.items():
        if len(both) == 2:
            ratio = both["graph"][0] / both["called"][0]
            made.append(_judged(f"training {preset}, batch {batch}: at least 4 times the pictures/s", ratio, 4))
        waiting = max(wait for _, wait in both.values())
        made.append(_judged(f"training {preset}, batch {batch}: at most 5 % waiting for data", -waiting, -5))
    return made


def of_run(printed: str) -> list[str]:
    """The ratio of rates and how busy the GPU was."""
    made = []
    if found := re.search(r"^ratio ([\d.]+)", printed, re.MULTILINE):
        made.append(_judged("run standard: at least 5 times as fast as two CPU cores", float(found[1]), 5))
    if found := re.search(r"^GPU busy (\d+)%.*by (\S+)", printed, re.MULTILINE):
        made.append(_judged(f"run standard: GPU busy at least 80 % ({found[2]})", float(found[1]), 80))
    return made


def of_figures(printed: str) -> list[str]:
    """Every line, for commands whose figures have no target."""
    return [line for line in printed.splitlines() if line.strip()][-30:]


STEPS = (
    Step("tests", (*_PYTEST, "-n", "8", "--dist", "worksteal", "tests", "--deselect", _NOISE), 110, of_tests),
    Step("noise", (*_PYTEST, _NOISE), 40, of_tests),
    Step(
        "reference",
        ("-m", "tests.support.gpu.device_reference", "gpu", *_BRIEF),
        120,
        of_targets,
    ),
    Step("networks", ("-m", "tests.support.gpu.fused_networks"), 60, of_figures),
    Step(
        "training",
        ("-m", "tests.support.gpu.training_speed", "--presets", "small", "--batches", "16", "--steps", "40"),
        60,
        of_training,
    ),
    Step("run", ("-m", "tests.support.gpu.run_speed", "--workers", "12", "--cpu-seconds", "40"), 100, of_run),
)
"""In the order of their worth: tests first, then latency."""


def verdicts(step: Step, out: Path, left: float) -> list[str]:
    """Run a step with at most `left` seconds; its output goes to `out`."""
    limit = min(step.seconds, left)
    if left < 5:
        return [f"not measured: {step.name}: no time left"]
    log, begun = out / f"{step.name}.log", time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *step.arguments], stdout=file, stderr=subprocess.STDOUT, env=child_environment(out)
        )
        try:
            code = f"exit {process.wait(limit)}"
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = f"stopped after {limit:.0f} s"
    found = step.read(log.read_text(encoding="utf-8", errors="replace"))
    return [f"--- {step.name}: {code}, {time.monotonic() - begun:.0f} s, {log}", *found]


def _judged(text: str, found: float, least: float) -> str:
    return f"{'reached' if found >= least else 'MISSED'}: {text}: {abs(found):.3g}"


def main(
    out: Path,
    *,
    seconds: Annotated[float, typer.Option(help="For everything.")] = 480,
    select: Annotated[str, typer.Option(help="Names of steps, separated by commas; all by default.")] = "",
) -> None:
    """Run the steps, print verdicts, and write them to OUT/summary.txt."""
    out.mkdir(parents=True, exist_ok=True)
    end, lines = time.monotonic() + seconds, []
    for step in STEPS:
        if not select or step.name in select.split(","):
            found = verdicts(step, out, end - time.monotonic())
            typer.echo("\n".join(found))
            lines += found
            (out / "summary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    reference = Path("results/reference/gpu")
    if reference.is_dir():
        shutil.make_archive(str(out / "reference"), "gztar", reference)


if __name__ == "__main__":
    typer.run(main)
