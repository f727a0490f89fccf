"""Many cases of many readers: seeded, resumable, watched from outside of the process that runs them."""

from __future__ import annotations

import functools
import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.fuzz.guard import Guard
from tests.fuzz.mutation import MUTATORS
from tests.fuzz.targets import ALL, Target

__all__ = ["Progress", "case", "run_cases", "shares", "supervise"]

_BLOCK = 500
"""Cases of one reader before the next one's turn."""
_SILENT = 120
"""Seconds in one case after which the process that runs cases is ended."""
_KEPT = 3
"""Files of findings of one kind."""


@functools.cache
def _seeds(name: str) -> tuple[bytes, ...]:
    return tuple(ALL[name].seeds())


def case(target: Target, seed: int, index: int) -> bytes:
    """The bytes of a case: the seeds as they are, then changed ones."""
    seeds = _seeds(target.name)
    if index < len(seeds):
        return seeds[index]
    rng = random.Random(f"{seed} {target.name} {index}")  # noqa: S311 (not for secrets)
    data = rng.choice(seeds)
    try:
        return MUTATORS[target.kind](rng, data)
    except (ValueError, RecursionError, LookupError, TypeError, zipfile.BadZipFile):  # a seed that no parser takes
        return MUTATORS["bytes"](rng, data)


def shares(cases: int, targets: Mapping[str, Target]) -> dict[str, int]:
    """How many of the cases each reader gets, by its weight; at least one."""
    total = sum(target.weight for target in targets.values())
    return {name: max(1, round(cases * target.weight / total)) for name, target in targets.items()}


@dataclass
class Progress:
    """How far a campaign is; kept in a file.

    Attributes:
        done: cases of each reader.
        seconds: of each reader.
        findings: what is wrong, to the number of cases, by reader.
    """

    done: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    findings: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, out: Path) -> Progress:
        """The progress of a folder; none where there is no file."""
        file = out / "progress.json"
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    def write(self, out: Path) -> None:
        """Keep it."""
        part = out / "progress.json.part"
        part.write_text(json.dumps(asdict(self), indent=1))
        part.replace(out / "progress.json")

    def add(self, out: Path, name: str, wrong: str, data: bytes) -> None:
        """Count a finding, and keep its bytes if there are few of its kind."""
        kind = re.sub(r"'[^']*'|\"[^\"]*\"|0x[0-9a-f]+|\d{3,}", "…", wrong)[:300]
        counts = self.findings.setdefault(name, {})
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= _KEPT:
            folder = out / "findings" / name.replace(" ", "-")
            folder.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256(data).hexdigest()[:12]
            (folder / f"{digest}.bin").write_bytes(data)
            (folder / f"{digest}.txt").write_text(wrong + "\n", encoding="utf-8", errors="backslashreplace")


def run_cases(
    targets: Mapping[str, Target], wanted: Mapping[str, int], seed: int, out: Path, say: Callable[[str], None] = print
) -> Progress:
    """Run what is left of the cases in this process; the case at work stands in `OUT/current`."""
    progress = Progress.read(out)
    root = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)) / "a" / "root"  # noqa: S108
    root.mkdir(parents=True)
    guard = Guard(root)
    try:
        with (out / "current").open("w+") as current:
            for name, first, last in _blocks(targets, wanted, progress):
                begun = time.process_time()
                for index in range(first, last):
                    current.seek(0)
                    current.write(f"{index:>12} {name:<40}")
                    current.flush()
                    data = case(targets[name], seed, index)
                    if wrong := guard.run(targets[name].read, data, pickles=targets[name].pickles):
                        progress.add(out, name, wrong, data)
                progress.done[name] = last
                progress.seconds[name] = progress.seconds.get(name, 0.0) + time.process_time() - begun
                progress.write(out)
        (out / "current").unlink()
    finally:
        shutil.rmtree(root.parents[1], ignore_errors=True)
    say(f"{sum(progress.done.values()):,} cases")
    return progress


def _blocks(
    targets: Mapping[str, Target], wanted: Mapping[str, int], progress: Progress
) -> Iterator[tuple[str, int, int]]:
    """Reader, first case and the one behind the last, in turn, until all are done."""
    left = True
    while left:
        left = False
        for name in targets:
            first = progress.done.get(name, 0)
            if first < wanted[name]:
                left = True
                yield name, first, min(first + _BLOCK, wanted[name])


def supervise(arguments: list[str], out: Path, wanted: Mapping[str, int]) -> Progress:
    """Run the cases in another process, again after each case that ends it: a crash or a hang is a finding, too.

    Args:
        arguments: of `python -m tests.fuzz` for that process.
        out: folder of the campaign.
        wanted: cases of each reader.
    """
    (out / "current").unlink(missing_ok=True)
    while True:
        process = subprocess.Popen([sys.executable, "-X", "faulthandler", "-m", "tests.fuzz", *arguments])
        before, since = b"", time.monotonic()
        while process.poll() is None:
            time.sleep(0.2 if time.monotonic() - since < 2 else 2)
            now = (out / "current").read_bytes() if (out / "current").exists() else b""
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > _SILENT:
                process.kill()
        progress = Progress.read(out)
        if process.returncode == 0 or not (out / "current").exists():
            return progress
        text = (out / "current").read_text()
        index, name = int(text[:12]), text[12:].strip()
        if not name or progress.done.get(name, 0) > index:
            return progress
        data = case(ALL[name], int(arguments[arguments.index("--seed") + 1]), index)
        progress.add(out, name, f"ends the process with {process.returncode}", data)
        progress.done[name] = index + 1
        progress.write(out)
