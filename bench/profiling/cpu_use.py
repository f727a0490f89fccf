"""Who uses the processor's cores, from Linux's /proc: two snapshots, and what lies between them."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CpuSnapshot", "CpuUse", "ProcessTimes", "cpu_snapshot", "cpu_use", "usable_cores"]

_PROC = Path("/proc")
_IDLE = (3, 4)  # places of idle and iowait in a line of /proc/stat
_STEAL = 7
_COUNTED = 8  # what follows is counted in the others, too


@dataclass(frozen=True)
class ProcessTimes:
    """One process.

    Attributes:
        name: of its program.
        parent: id of its parent.
        seconds: of processor time.
        ended: those of its children that have ended, with theirs.
    """

    name: str
    parent: int
    seconds: float
    ended: float


@dataclass(frozen=True)
class CpuSnapshot:
    """The processor time that was used until a moment.

    Attributes:
        at: the moment, in seconds of a monotonic clock.
        busy: seconds that the usable cores worked, for whomever.
        stolen: seconds that a hypervisor took from them, which `busy` holds too.
        processes: id to times, as far as they can be seen.
    """

    at: float
    busy: float
    stolen: float
    processes: Mapping[int, ProcessTimes]


@dataclass(frozen=True)
class CpuUse:
    """The use of the cores between two snapshots.

    Attributes:
        others: cores that were busy on average with something else than a process and its descendants.
        stolen: cores that a hypervisor took, which `others` holds too.
        busiest: name, id and cores of the other processes, the busiest first.
    """

    others: float
    stolen: float
    busiest: tuple[tuple[str, int, float], ...]


def usable_cores() -> frozenset[int]:
    """Numbers of the cores that this process may run on."""
    every = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return frozenset(every)


def cpu_snapshot(proc: Path = _PROC, cores: Collection[int] | None = None) -> CpuSnapshot | None:
    """A snapshot now; None where there is no such /proc, as on macOS.

    Args:
        proc: the folder.
        cores: numbers of the cores that count; None: those that this process may run on.
    """
    names = {f"cpu{core}" for core in (usable_cores() if cores is None else cores)}
    try:
        tick = 1 / os.sysconf("SC_CLK_TCK")
        lines = [line.split() for line in (proc / "stat").read_text(encoding="ascii", errors="replace").splitlines()]
        counts = [[int(count) for count in line[1 : 1 + _COUNTED]] for line in lines if line and line[0] in names]
        if not counts:
            return None
        busy = sum(sum(of_core) - sum(of_core[place] for place in _IDLE) for of_core in counts)
        stolen = sum(of_core[_STEAL] for of_core in counts)
        return CpuSnapshot(time.monotonic(), busy * tick, stolen * tick, _processes(proc, tick))
    except (OSError, ValueError, IndexError):
        return None


def cpu_use(first: CpuSnapshot, last: CpuSnapshot, root: int) -> CpuUse:
    """What lies between two snapshots, seen from process `root` and its descendants."""
    wall = max(last.at - first.at, 1e-9)
    own = _tree_seconds(last, root) - _tree_seconds(first, root)
    tree = _tree(last.processes, root)
    shares = [
        (process.name, number, (process.seconds - _before(first, number)) / wall)
        for number, process in last.processes.items()
        if number not in tree
    ]
    busiest = sorted(shares, key=lambda share: -share[2])
    others = max(0.0, last.busy - first.busy - own) / wall
    return CpuUse(others, (last.stolen - first.stolen) / wall, tuple(share for share in busiest if share[2] > 0))


def _processes(proc: Path, tick: float) -> dict[int, ProcessTimes]:
    found = {}
    for folder in proc.iterdir():
        if folder.name.isdecimal():
            try:
                text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
                name, _, rest = text.partition("(")[2].rpartition(")")  # a name may hold blanks and brackets
                fields = rest.split()
                own, ended = (sum(map(int, fields[place : place + 2])) * tick for place in (11, 13))
                found[int(folder.name)] = ProcessTimes(name, int(fields[1]), own, ended)
            except (OSError, ValueError, IndexError):  # it has ended
                continue
    return found


def _tree(processes: Mapping[int, ProcessTimes], root: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for number, process in processes.items():
        children.setdefault(process.parent, []).append(number)
    found, left = set(), [root]
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left += children.get(number, [])
    return found


def _tree_seconds(snapshot: CpuSnapshot, root: int) -> float:
    every = snapshot.processes
    return sum(every[number].seconds + every[number].ended for number in _tree(every, root) if number in every)


def _before(first: CpuSnapshot, number: int) -> float:
    known = first.processes.get(number)
    return known.seconds if known else 0.0
