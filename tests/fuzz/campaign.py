"""Many cases of many readers: seeded, resumable, shared by processes."""

from __future__ import annotations

import functools
import hashlib
import json
import random
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.fuzz.guard import Guard
from tests.fuzz.mutation import MUTATORS
from tests.fuzz.targets import ALL, Target

__all__ = ["Part", "Progress", "case", "run_cases", "shares"]

_BLOCK = 100
"""Cases of one reader before the next one's turn, or the next process's."""
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


@dataclass(frozen=True)
class Part:
    """The cases of one process: every `processes`-th block of each reader's cases.

    Attributes:
        number: of the process, from 0 on.
        processes: how many share the cases.
    """

    number: int = 0
    processes: int = 1

    def index(self, position: int) -> int:
        """The case that this process runs as its case number `position` of a reader, both from 0 on."""
        block, place = divmod(position, _BLOCK)
        return (block * self.processes + self.number) * _BLOCK + place

    def count(self, cases: int) -> int:
        """How many of the first cases of a reader are this process's."""
        rounds, left = divmod(cases, _BLOCK * self.processes)
        return rounds * _BLOCK + min(max(left - self.number * _BLOCK, 0), _BLOCK)

    def current(self, out: Path) -> Path:
        """The file that names the case at work."""
        return out / f"current-{self.number}"


@dataclass
class Progress:
    """How far a process is; kept in a file.

    Attributes:
        done: cases of each reader.
        seconds: of processor time, of each reader.
        findings: what is wrong, to the number of cases, by reader.
    """

    done: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    findings: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, out: Path, part: Part) -> Progress:
        """The progress of a process; none where there is no file."""
        file = _file(out, part)
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    @classmethod
    def total(cls, out: Path, processes: int) -> Progress:
        """The progress of all processes."""
        total = cls()
        for number in range(processes):
            one = cls.read(out, Part(number, processes))
            for name, count in one.done.items():
                total.done[name] = total.done.get(name, 0) + count
                total.seconds[name] = total.seconds.get(name, 0.0) + one.seconds.get(name, 0.0)
            for name, kinds in one.findings.items():
                counts = total.findings.setdefault(name, {})
                for kind, count in kinds.items():
                    counts[kind] = counts.get(kind, 0) + count
        return total

    def write(self, out: Path, part: Part) -> None:
        """Keep it."""
        file = _file(out, part)
        new = file.with_suffix(".part")
        new.write_text(json.dumps(asdict(self), indent=1))
        new.replace(file)

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


def _file(out: Path, part: Part) -> Path:
    return out / f"progress-{part.number}-of-{part.processes}.json"


def run_cases(targets: Mapping[str, Target], wanted: Mapping[str, int], seed: int, out: Path, part: Part) -> None:
    """Run what is left of a process's cases in this process; the case at work stands in a file."""
    progress = Progress.read(out, part)
    root = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)) / "a" / "root"  # noqa: S108
    root.mkdir(parents=True)
    guard = Guard(root)
    try:
        with part.current(out).open("w+") as current:
            for name, first, last in _blocks(targets, wanted, progress, part):
                begun = time.process_time()
                for position in range(first, last):
                    current.seek(0)
                    current.write(f"{position:>12} {name:<40}")
                    current.flush()
                    data = case(targets[name], seed, part.index(position))
                    if wrong := guard.run(targets[name].read, data, pickles=targets[name].pickles):
                        progress.add(out, name, wrong, data)
                progress.done[name] = last
                progress.seconds[name] = progress.seconds.get(name, 0.0) + time.process_time() - begun
                progress.write(out, part)
        part.current(out).unlink()
    finally:
        shutil.rmtree(root.parents[1], ignore_errors=True)


def _blocks(
    targets: Mapping[str, Target], wanted: Mapping[str, int], progress: Progress, part: Part
) -> Iterator[tuple[str, int, int]]:
    """Reader, first case and the one behind the last, in turn, until all are done."""
    left = True
    while left:
        left = False
        for name in targets:
            first, end = progress.done.get(name, 0), part.count(wanted[name])
            if first < end:
                left = True
                yield name, first, min((first // _BLOCK + 1) * _BLOCK, end)
