"""Kill a small run at random moments, resume it until it is whole, and compare it with an undisturbed run.

    python -m tests.support.kill_and_resume --cycles 200

This process does one run, so that all is imported and compiled, and runs each command in a child that it forks. A
cycle is a new output folder. Its commands are stopped one to three times, the next one resumes, and the last one runs
to its end. There are four kinds of stop: SIGKILL of the child and all of its processes at a moment that is drawn
evenly from the time of an undisturbed run; SIGKILL of the driver alone; Ctrl-C; and a child that kills itself within
a write that is drawn evenly from all that an undisturbed run does (half of the data is written). Every fourth cycle
has two workers, which are forked, too. One cycle in eight begins with a whole run that is run anew with `--reuse
never`.

Prints the counts, and exits with 1 unless nothing was lost, duplicated or different.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.faults import FaultyDisk, faulty_disk
from tests.support.small_run import WRONG, call, compare_trees, run_arguments, tree, write_pictures

__all__ = ["main", "run_cycles"]

_PICTURES = 17
"""More than a shard, so that two workers have work."""

_KINDS = ("group", "driver", "interrupt", "write")
_PATIENCE = 120.0
"""Seconds after which a run counts as hanging."""

_TOO_LATE = "stops after the run had ended"

_BUSY = 2
"""Exit code while workers of a killed driver still hold the folder."""


def run_cycles(cycles: int, seed: int, work: Path, jobs: int = 1, pictures: int = _PICTURES) -> Counter[str]:
    """Kill and resume that many runs; returns what was `lost`, `duplicated`, `differing`, and the stops by kind.

    Args:
        cycles: how many output folders.
        seed: of all random draws.
        work: an empty folder.
        jobs: cycles that run at the same time; no draw depends on it.
        pictures: of the data set.
    """
    data = write_pictures(work / "pictures", pictures)
    _warm_up(data, work / "first")
    undisturbed = _undisturbed(data, work)
    children = []
    for job in range(jobs):
        child = os.fork()
        if not child:
            code = 1
            try:
                counts: Counter[str] = Counter()
                for cycle in range(job, cycles, jobs):
                    counts.update(_cycle(cycle, seed, data, work, undisturbed))
                (work / f"job-{job}.json").write_text(json.dumps(counts))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    ended = [os.waitpid(child, 0)[1] for child in children]
    if any(ended):
        raise AssertionError("every job must end by itself")
    total: Counter[str] = Counter()
    for job in range(jobs):
        total.update(json.loads((work / f"job-{job}.json").read_text()))
    return total


def _cycle(cycle: int, seed: int, data: Path, work: Path, undisturbed: _Undisturbed) -> Counter[str]:
    draw = random.Random(f"{seed}-{cycle}")  # noqa: S311 (repeatable draws)
    out, counts = work / f"cycle-{cycle}", Counter[str]()
    workers = 2 if cycle % 4 == 3 else 1
    anew = cycle % 8 == 5
    if anew:
        _finish(run_arguments(data, out))
    for _ in range(draw.randint(1, 3)):
        kind = draw.choice(_KINDS[:3] if workers > 1 else _KINDS)
        words = run_arguments(data, out, "--workers", str(workers), *(["--reuse", "never"] if anew else []))
        after, write = draw.uniform(0, undisturbed.seconds[workers]), draw.randint(1, undisturbed.writes)
        code = _stop(words, kind, after, write, out)
        counts[f"stops by {kind} with {workers} worker{'s' if workers > 1 else ''}" if code else _TOO_LATE] += 1
    _finish(run_arguments(data, out, "--workers", str(workers)))
    files = tree(out)
    found = compare_trees(files, undisturbed.files)
    names = [name for name in files.keys() | undisturbed.files.keys() if files.get(name) != undisturbed.files.get(name)]
    listed = [f"{count} {name}" for name, count in found.items()] + sorted(names)
    sys.stderr.write(f"cycle {cycle}: {', '.join(listed)}\n")
    shutil.rmtree(out)
    return counts + found


@dataclass(frozen=True)
class _Undisturbed:
    """A run that nobody stops.

    Attributes:
        files: what it leaves.
        seconds: how long it takes, by the number of workers.
        writes: how many operations write.
    """

    files: dict[str, bytes]
    seconds: dict[int, float]
    writes: int


def _warm_up(data: Path, out: Path) -> None:
    """Do a run without threads that compute: a process may fork only when none is at work."""
    import cv2
    import torch

    from bench.evaluation.reuse import finished

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    vars(finished)["distributions"] = lambda: ()  # half of the time of so small a run
    code, text = call(run_arguments(data, out))
    if code:
        raise AssertionError(text)


def _undisturbed(data: Path, work: Path) -> _Undisturbed:
    seconds = {}
    for workers in (1, 2):
        began = time.monotonic()
        _finish(run_arguments(data, work / f"undisturbed-{workers}", "--workers", str(workers)))
        seconds[workers] = time.monotonic() - began
    one, two = (tree(work / f"undisturbed-{workers}") for workers in (1, 2))
    if one != two:
        raise AssertionError("one and two workers must give the same files")
    count = work / "count"
    _ended(_fork(run_arguments(data, work / "counted"), FaultyDisk(work / "counted"), count))
    return _Undisturbed(one, seconds, int(count.read_text()))


def _stop(words: Sequence[str], kind: str, after: float, write: int, out: Path) -> int:
    """Run a command and stop it; its exit code, negative after a signal."""
    if kind == "write":

        def kill_myself() -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        return _ended(_fork(words, FaultyDisk(out, first=write, on_fault=kill_myself)))
    child = _fork(words)
    deadline = time.monotonic() + after
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    if kind == "interrupt":
        os.kill(child, signal.SIGINT)
        return _ended(child)
    if kind == "driver":
        os.kill(child, signal.SIGKILL)
        return _ended(child)
    os.killpg(child, signal.SIGKILL)
    return _ended(child)


def _finish(words: Sequence[str]) -> None:
    """Run a command to its end; workers of a killed driver may take a moment to end before it."""
    deadline = time.monotonic() + _PATIENCE
    while (code := _ended(_fork(words))) == _BUSY and time.monotonic() < deadline:
        time.sleep(0.1)
    if code:
        raise AssertionError(f"exit code {code} of spgbench {' '.join(words)}")


def _fork(words: Sequence[str], disk: FaultyDisk | None = None, count: Path | None = None) -> int:
    """Start a command in a child with a process group of its own; writes the number of its writes to `count`."""
    child = os.fork()
    if child:
        with contextlib.suppress(OSError):
            os.setpgid(child, child)
        return child
    code = 3
    try:
        os.setpgid(0, 0)
        forking = multiprocessing.get_context("fork")
        multiprocessing.get_context = lambda _=None: forking  # type: ignore[assignment]  # spares workers imports
        with faulty_disk(disk) if disk else contextlib.nullcontext():
            code, text = call(words)
        if code not in (0, _BUSY, 130):
            sys.stderr.write(text)
        if count and disk:
            count.write_text(str(len(disk.seen)))
    finally:
        os._exit(code)


def _ended(child: int) -> int:
    """Wait for a child; its exit code, negative after a signal."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError(f"a run must end within {_PATIENCE:g} s")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SPGBENCH_CACHE"] = str(Path(folder) / "cache")
        counts = run_cycles(given.cycles, given.seed, Path(folder), given.jobs)
    wrong = {name: counts.pop(name, 0) for name in WRONG}
    lines = [f"{given.cycles} cycles, seed {given.seed}, {time.monotonic() - began:.0f} s"]
    lines += [f"{count} {kind}" for kind, count in sorted(counts.items())]
    lines += [", ".join(f"{count} {name}" for name, count in wrong.items())]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(any(wrong.values()))


if __name__ == "__main__":
    main()
