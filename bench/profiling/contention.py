"""Watches the machine while something is measured on it: other processes, waiting threads, reference kernels."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.profiling.cpu_use import CpuSnapshot, CpuUse, cpu_snapshot, cpu_use, usable_cores
from bench.profiling.environment import environment
from bench.profiling.reference_kernels import ReferenceKernels
from bench.records import write_atomically
from bench.records.contention import Contention
from bench.strict_json import parse_json
from bench.weights import cache_folder

__all__ = ["BestTimes", "MachineWatch", "look_around"]

_MACHINE = ("device", "device_name", "system", "usable_cores", "threads", "cpu_instructions", "libraries", "driver")
"""Facts that a reference kernel's best time depends on."""

_SHOWN = 3
_LEAST = 0.1  # cores: what takes less is not named


class BestTimes:
    """The best times of the reference kernels on this machine, kept in our cache folder (`SPGBENCH_CACHE`).

    Args:
        facts: of the machine, as `environment` gives them.
        folder: None for `machines` in our cache folder.
    """

    def __init__(self, facts: Mapping[str, Any], folder: Path | None = None) -> None:
        self._facts = {name: facts[name] for name in _MACHINE if name in facts}
        name = hashlib.sha256(json.dumps(self._facts, sort_keys=True).encode()).hexdigest()[:16]
        self._file = (cache_folder() / "machines" if folder is None else folder) / f"{name}.json"

    def read(self) -> dict[str, float]:
        """Reference kernel to seconds; empty at the first use, and where the file cannot be read."""
        try:
            best = parse_json(self._file.read_text(encoding="utf-8"))["best"]
            return {str(name): float(seconds) for name, seconds in best.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def add(self, references: Mapping[str, float]) -> None:
        """Keep what is better than before; a folder that cannot be written is left as it is."""
        known = self.read()
        best = {**known, **{name: min(known.get(name, taken), taken) for name, taken in references.items()}}
        if best != known:
            with contextlib.suppress(OSError):
                text = json.dumps({"machine": self._facts, "best": best}, indent=1, sort_keys=True)
                write_atomically(self._file, text + "\n")


class MachineWatch:
    """Watches from `begin` to `end`.

    Args:
        facts: of the machine, as `environment` gives them.
        best: where best times are kept; None for our cache folder.
        snapshot: takes a snapshot of the processor's use, None where the system has none.
        load: the load average of the last minute, None where the system has none.
    """

    def __init__(
        self,
        facts: Mapping[str, Any],
        best: BestTimes | None = None,
        snapshot: Callable[[], CpuSnapshot | None] = cpu_snapshot,
        load: Callable[[], float | None] | None = None,
    ) -> None:
        self._facts, self._best = facts, best or BestTimes(facts)
        self._snapshot, self._load = snapshot, load or _load
        self._first: CpuSnapshot | None = None
        self._load_before: float | None = None

    def begin(self) -> None:
        """Start to watch."""
        self._load_before, self._first = self._load(), self._snapshot()

    def end(self, references: Mapping[str, float], waited: float | None) -> Contention:
        """What was seen since `begin`.

        Args:
            references: reference kernel to its best seconds in that time; they are compared with the best times of this
                machine, and kept among them.
            waited: share of its time that a single thread was kept from the processor, or None.
        """
        known = self._best.read()
        self._best.add(references)
        use, last = None, self._snapshot()
        if self._first is not None and last is not None:
            use = cpu_use(self._first, last, os.getpid())
        return Contention(
            cores=len(usable_cores()),
            threads=1 if _on_gpu(self._facts) else int(self._facts.get("threads", 1)),
            load=self._load_before,
            others=None if use is None else round(use.others, 3),
            stolen=None if use is None else round(use.stolen, 3),
            waited=None if waited is None else round(waited, 3),
            busiest=() if use is None else _named(use),
            best=known,
            first_use=not known,
        )


def look_around(device: str = "cpu", seconds: float = 0.3) -> tuple[Contention, dict[str, float]]:
    """What can be seen of the machine in a moment in which nothing is measured, and the reference kernels' seconds."""
    facts = environment(device)
    watch, kernels = MachineWatch(facts), ReferenceKernels(device)
    watch.begin()
    time.sleep(seconds)
    references = kernels.time()
    return watch.end(references, kernels.waited), references


def _on_gpu(facts: Mapping[str, Any]) -> bool:
    """Whether one thread launches what is measured, and no other one computes."""
    return str(facts.get("device", "cpu")).startswith("cuda")


def _named(use: CpuUse) -> tuple[str, ...]:
    """`python (311) takes 180 %`, the busiest first."""
    return tuple(
        f"{name} ({number}) takes {100 * cores:.0f} %"
        for name, number, cores in use.busiest[:_SHOWN]
        if cores >= _LEAST
    )


def _load() -> float | None:
    with contextlib.suppress(OSError, AttributeError):
        return round(os.getloadavg()[0], 2)
    return None
