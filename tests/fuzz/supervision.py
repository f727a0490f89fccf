"""Processes that run cases, watched from outside: a crash or a hang is a finding, too. A file tells what is done."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fuzz.campaign import Part, Progress, case
from tests.fuzz.targets import ALL

__all__ = ["summary", "supervise"]

_SILENT = 120
"""Seconds in one case after which the process that runs cases is ended."""
_WRITTEN = 10
"""Seconds between two versions of the file that says what is done."""


def supervise(arguments: Sequence[str], out: Path, wanted: Mapping[str, int], seed: int, processes: int) -> Progress:
    """Run the cases in other processes, each again after a case that ends it.

    `OUT/result.txt` is written as it goes, and says what is done when the campaign is interrupted, too.

    Args:
        arguments: of `python -m tests.fuzz`.
        out: folder of the campaign.
        wanted: cases of each reader.
        seed: of the cases.
        processes: how many share the cases.
    """
    began, written = time.monotonic(), 0.0
    workers = [_Worker(arguments, out, seed, Part(number, processes)) for number in range(processes)]
    running = workers
    try:
        while running := [worker for worker in running if worker.goes_on()]:
            time.sleep(0.5)
            if time.monotonic() - written > _WRITTEN:
                written = time.monotonic()
                _write(out, wanted, processes, written - began, arguments)
    finally:
        for worker in workers:
            worker.end()
        _write(out, wanted, processes, time.monotonic() - began, arguments)
    return Progress.total(out, processes)


def summary(progress: Progress, wanted: Mapping[str, int]) -> str:
    """Cases, processor time and findings, a reader on each line."""
    rows = [f"{count:>9,} {name:<32} {progress.seconds.get(name, 0):8.1f} s" for name, count in progress.done.items()]
    done = f"{sum(progress.done.values()):>9,} of {sum(wanted.values()):,} cases of {len(progress.done)} readers"
    rows += [f"{done}, {sum(progress.seconds.values()):.0f} s of processor time"]
    found = [(name, kind, count) for name, kinds in progress.findings.items() for kind, count in kinds.items()]
    rows += [f"{name}: {count} x {kind}" for name, kind, count in found]
    return "\n".join([*rows, f"{len(found)} kinds of findings", ""])


def _write(out: Path, wanted: Mapping[str, int], processes: int, seconds: float, arguments: Sequence[str]) -> None:
    head = f"python -m tests.fuzz {' '.join(arguments)}\nlast call: {seconds:.0f} s\n\n"
    text = head + summary(Progress.total(out, processes), wanted)
    (out / "result.txt").write_text(text, encoding="utf-8", errors="backslashreplace")


class _Worker:
    """A process that runs its part of the cases, and again after each case that ends it."""

    def __init__(self, arguments: Sequence[str], out: Path, seed: int, part: Part) -> None:
        self._out, self._seed, self._part = out, seed, part
        self._command = [sys.executable, "-X", "faulthandler", "-m", "tests.fuzz", *arguments]
        self._command += ["--inner", str(part.number)]
        self._before, self._since = b"", 0.0
        self._start()

    def goes_on(self) -> bool:
        """Whether there is work left; ends a process that hangs, and starts it again behind the case at work."""
        if self._process.poll() is None:
            now = self._case_at_work()
            if now != self._before:
                self._before, self._since = now, time.monotonic()
            elif time.monotonic() - self._since > _SILENT:
                self._process.kill()
            return True
        return self._process.returncode != 0 and self._count_finding()

    def end(self) -> None:
        """End the process, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._part.current(self._out).unlink(missing_ok=True)
        self._process = subprocess.Popen(self._command)
        self._before, self._since = b"", time.monotonic()

    def _case_at_work(self) -> bytes:
        current = self._part.current(self._out)
        return current.read_bytes() if current.exists() else b""

    def _count_finding(self) -> bool:
        """Count the case that ended the process, and go on behind it; False where no case is known."""
        text = self._case_at_work().decode()
        progress = Progress.read(self._out, self._part)
        name = text[12:].strip()
        if not name or progress.done.get(name, 0) > int(text[:12]):
            raise RuntimeError(f"a process of the campaign ended with {self._process.returncode} outside of a case")
        position = int(text[:12])
        data = case(ALL[name], self._seed, self._part.index(position))
        progress.add(self._out, name, f"ends the process with {self._process.returncode}", data)
        progress.done[name] = position + 1
        progress.write(self._out, self._part)
        self._start()
        return True
