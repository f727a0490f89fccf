"""End the command of a run in the middle, and see what is left of it: processes, and files after the same command.

    python -m tests.support.driver_faults

Runs `spgbench run` with two workers of Ray, of submitit's local executor and of this machine, and ends the command by
SIGKILL and by SIGINT when the first records are on disk. Prints a line for each; exits with 1 where a process is left
or a file differs. It takes some minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from tests.support.small_run import run_arguments, tree, write_pictures

__all__ = ["main", "processes_with", "wait_until"]

_ENGINES = {
    "local": ["--executor", "local", "--workers", "2"],
    "ray": ["--executor", "ray", "--workers", "2"],
    "submitit": ["--executor", "slurm", "--workers", "2", "--executor-option", "cluster=local"],
}
_PICTURES = 160
_MARK = "SPGBENCH_TEST_MARK"


def processes_with(mark: str) -> list[str]:
    """Command lines of the processes whose environment holds a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip())
        except OSError:  # it has ended, or is not ours
            continue
    return found


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _interrupted(words: list[str], out: Path, number: signal.Signals) -> str:
    """Start a command, end it in the middle, and run it again; what is to be said of it."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "bench", "-q", *words]
    with subprocess.Popen(command, env={**os.environ, _MARK: mark}, stderr=subprocess.DEVNULL) as driver:
        began = wait_until(lambda: any(out.glob("cells/*/*/*/*/*")) or driver.poll() is not None, 300)
        if not began or driver.poll() is not None:
            driver.kill()
            return "NOT INTERRUPTED"
        driver.send_signal(number)
        sent = time.monotonic()
        driver.wait(60)
    ended = time.monotonic() - sent
    alone = wait_until(lambda: not processes_with(mark), 30)
    after = time.monotonic() - sent
    left = "" if alone else f"; LEFT: {'; '.join(processes_with(mark))}"
    code = subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode
    return f"exit {driver.returncode} after {ended:.1f} s, no process after {after:.1f} s{left}; again: exit {code}"


def main() -> None:
    """The command."""
    wrong = False
    with tempfile.TemporaryDirectory() as folder:
        pictures = write_pictures(Path(folder) / "pictures", _PICTURES)
        subprocess.run(
            [sys.executable, "-m", "bench", "-q", *run_arguments(pictures, Path(folder) / "here")], check=True
        )
        expected = tree(Path(folder) / "here")
        for engine, options in _ENGINES.items():
            for number in (signal.SIGKILL, signal.SIGINT):
                out = Path(folder) / f"{engine}-{number.name}"
                said = _interrupted(run_arguments(pictures, out, *options), out, number)
                found = tree(out)
                differing = sorted(
                    name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)
                )
                bytes_ = "the same bytes" if not differing else f"OTHER BYTES: {', '.join(differing[:5])}"
                wrong |= bool(differing) or "LEFT" in said or "NOT" in said
                print(f"{engine}, {number.name}: {said}, {bytes_}", flush=True)  # noqa: T201
    sys.exit(wrong)


if __name__ == "__main__":
    main()
