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
from pathlib import Path

from tests.support.faults import FaultyDisk, faulty_disk
from tests.support.small_run import Difference, call, compare_trees, run_arguments, tree, write_pictures

__all__ = ["main", "run_cycles"]

_PICTURES = 17
"""More than a shard, so that two workers have work."""

_KINDS = ("group", "driver", "interrupt", "write")
_PATIENCE = 120.0
"""Seconds after which a run counts as hanging."""

_BUSY = 2
"""Exit code while workers of a killed driver still hold the folder."""


def run_cycles(cycles: int, seed: int, work: Path, pictures: int = _PICTURES) -> tuple[Difference, Counter[str]]:
    """Kill and resume that many runs; returns how they differ from an undisturbed one, and the stops by kind.

    Args:
        cycles: how many output folders.
        seed: of all random draws.
        work: an empty folder.
        pictures: of the data set.
    """
    draw = random.Random(seed)  # noqa: S311 (repeatable draws)
    data = write_pictures(work / "pictures", pictures)
    _warm_up(data, work / "first")
    undisturbed, seconds, writes = _undisturbed(data, work)
    total, stops = Difference(), Counter[str]()
    for cycle in range(cycles):
        out = work / f"cycle-{cycle}"
        workers = 2 if cycle % 4 == 3 else 1
        anew = cycle % 8 == 5
        if anew:
            _finish(run_arguments(data, out))
        for _ in range(draw.randint(1, 3)):
            kind = _KINDS[draw.randrange(len(_KINDS))] if workers == 1 else _KINDS[draw.randrange(3)]
            words = run_arguments(data, out, "--workers", str(workers), *(["--reuse", "never"] if anew else []))
            code = _stop(words, kind, draw.uniform(0, seconds[workers]), draw.randint(1, writes), out)
            stops[f"{kind}, {workers} worker{'s' if workers > 1 else ''}"] += code != 0
            stops["ended before the stop"] += code == 0
        _finish(run_arguments(data, out, "--workers", str(workers)))
        found = compare_trees(tree(out), undisturbed)
        sys.stderr.write(f"cycle {cycle}: {', '.join(f'{count} {name}' for name, count in found.items())}\n")
        shutil.rmtree(out)
        total.update(found)
    return total, stops


def _warm_up(data: Path, out: Path) -> None:
    """Do a run without threads that compute: a process may fork only when none is at work."""
    import cv2
    import torch

    from bench.evaluation.reuse import finished

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    finished.distributions = lambda: ()  # type: ignore[assignment]  # half of the time of so small a run
    code, text = call(run_arguments(data, out))
    if code:
        raise AssertionError(text)


def _undisturbed(data: Path, work: Path) -> tuple[dict[str, bytes], dict[int, float], int]:
    """The files of an undisturbed run, its seconds by the number of workers, and the number of its writes."""
    seconds = {}
    for workers in (1, 2):
        began = time.monotonic()
        _finish(run_arguments(data, work / f"undisturbed-{workers}", "--workers", str(workers)))
        seconds[workers] = time.monotonic() - began
    one, two = (tree(work / f"undisturbed-{workers}") for workers in (1, 2))
    if one != two:
        raise AssertionError("one and two workers must give the same files")
    count = work / "count"
    child = _fork(run_arguments(data, work / "counted"), FaultyDisk(work / "counted"), count)
    os.waitpid(child, 0)
    return one, seconds, int(count.read_text())


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
        multiprocessing.get_context = lambda _=None: forking  # type: ignore[assignment,misc]  # spares workers imports
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
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SPGBENCH_CACHE"] = str(Path(folder) / "cache")
        total, stops = run_cycles(given.cycles, given.seed, Path(folder))
        lines = [f"{given.cycles} cycles, seed {given.seed}, {time.monotonic() - began:.0f} s"]
        lines += [f"{count} stops: {kind}" for kind, count in sorted(stops.items())]
        lines += [f"{total['lost']} lost, {total['duplicated']} duplicated, {total['differing']} differing"]
        sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(bool(total.total()))


if __name__ == "__main__":
    main()
