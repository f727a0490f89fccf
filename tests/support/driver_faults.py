"""End the command of a run in the middle, and see what is left of it: processes, and files after the same command.

    python -m tests.support.driver_faults

Runs `spgbench run` with two workers of Ray, of submitit's local executor and of this machine, and ends the command by
SIGKILL and by SIGINT when the first records are on disk. Prints a line for each; exits with 1 where a process is left
or a file differs. Helpers of Ray find out within a minute that its other processes are gone. It takes some minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.small_run import run_arguments, tree, write_pictures

__all__ = ["main", "processes_with", "wait_until"]

_ENGINES = {
    "local": ["--executor", "local", "--workers", "2"],
    "ray": ["--executor", "ray", "--workers", "2"],
    "submitit": ["--executor", "slurm", "--workers", "2", "--executor-option", "cluster=local"],
}
_PICTURES = 160
_MARK = "MARK_OF_TEST"
_SILENT: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


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


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "bench", "-q", *words, "--limit", str(_PICTURES)]


def _interrupted(words: list[str], out: Path, number: signal.Signals) -> str:
    """Start a command, end it in the middle, and run it again; what is to be said of it."""
    mark = uuid.uuid4().hex
    command = _command(words)
    with subprocess.Popen(command, env={**os.environ, _MARK: mark}, **_SILENT) as driver:
        began = wait_until(lambda: any(out.glob("cells/*/*/*/*/*")) or driver.poll() is not None, 300)
        if not began or driver.poll() is not None:
            driver.kill()
            return "NOT INTERRUPTED"
        driver.send_signal(number)
        sent = time.monotonic()
        driver.wait(60)
    times = [time.monotonic() - sent]
    for find in (_workers, processes_with):
        if not wait_until(partial(_is_empty, find, mark), 90):
            return f"LEFT: {'; '.join(find(mark))}"
        times.append(time.monotonic() - sent)
    code = subprocess.run(command, check=False, **_SILENT).returncode
    ended, alone, quiet = times
    return (
        f"exit {driver.returncode} after {ended:.1f} s, no worker after {alone:.1f} s, no process after {quiet:.1f} s; "
        f"again: exit {code}"
    )


def _is_empty(find: Callable[[str], list[str]], mark: str) -> bool:
    return not find(mark)


def _workers(mark: str) -> list[str]:
    """Those of them that run our code."""
    return [line for line in processes_with(mark) if "RayWorker" in line or "submitit" in line or "spawn" in line]


def main() -> None:
    """The command."""
    wrong = False
    with tempfile.TemporaryDirectory() as folder:
        pictures = write_pictures(Path(folder) / "pictures", _PICTURES)
        subprocess.run(_command(run_arguments(pictures, Path(folder) / "here")), check=True, **_SILENT)
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
