"""The latency gate: compares this version with another one, in alternating blocks of calls on one machine."""

from __future__ import annotations

import contextlib
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.profiling.bench_client import BenchClient, BenchProcessFailed
from bench.profiling.contention import MachineWatch
from bench.profiling.decision import RoundTimes, Rules, TimingResult, decide, noise_floor
from bench.profiling.environment import environment, machine_state
from bench.profiling.execution import CATALOGUE
from bench.profiling.inputs import make_batch, write_batch
from bench.profiling.reference_kernels import ReferenceKernels
from bench.profiling.sweep import Sweep
from bench.profiling.version_comparison import (
    ExactQuantities,
    QuantityResult,
    VersionComparison,
    VersionPair,
    exact_results,
    time_result,
)
from bench.profiling.versions import Version, other_version, this_version
from bench.records.profile import Configuration
from bench.runtime.device import resolve_device
from bench.vocabulary import LabelSources

__all__ = ["Schedule", "compare_versions", "time_rounds"]

_PROCESSES = ("base", "head", "again")
"""Processes of one model: of the base, of this version, and a second one of the base."""


@dataclass(frozen=True)
class Schedule:
    """How the processes of a model are timed in turn.

    Attributes:
        rounds: least number of rounds. More follow while the two processes of the base differ by too much to compare
            the head with the factor.
        most: largest number of rounds.
        calls: of each process in a round, half of them in one order and half in the reverse order (ABC, CBA).
        seed: of the order of the processes.
    """

    rounds: int = 20
    most: int = 60
    calls: int = 10
    seed: int = 0


def compare_versions(
    name: str,
    models: Sequence[str],
    sweep: Sweep | None = None,
    rules: Rules | None = None,
    schedule: Schedule | None = None,
    *,
    device: str = "auto",
    threads: int | None = None,
    load: str = CATALOGUE,
    on_configuration: Callable[[str], None] = lambda _: None,
) -> VersionComparison:
    """Compare this version with another one.

    Each model has three processes: base, head and a second base. All hold the loaded model and are timed in turn, in
    blocks of calls. Exact quantities (parameters, FLOPs, graph breaks, and peak memory) are compared beside the times.

    Args:
        name: git revision, virtual environment or interpreter of the base.
        models: names of the catalogue; both versions must know them.
        sweep: configurations.
        rules: thresholds of a verdict.
        schedule: how the processes are timed in turn.
        device, threads, load: as for `profile`.
        on_configuration: called with a model and a configuration, as text, before they are measured.

    Raises:
        UsageError: the machine does not have the device, or `name` is no version.
    """
    rules, schedule = rules or Rules(), schedule or Schedule()
    device = resolve_device(device)
    kernels, watch = ReferenceKernels(device), MachineWatch(environment(device))
    pairs: list[VersionPair] = []
    before = machine_state(device)
    with other_version(name) as base, tempfile.TemporaryDirectory(prefix="spgbench-") as folder:
        gate = _LatencyGate(base, device, threads, load, kernels, rules, schedule, Path(folder), watch)
        for model in models:
            pairs += gate.compare(model, (sweep or Sweep()).configurations(), on_configuration)
        facts = {**environment(device), "base": base.title, "before": before, "after": machine_state(device)}
    timings = decide([pair.rounds for pair in pairs if pair.rounds is not None], rules)
    return VersionComparison(_results(pairs, timings), tuple(pairs), facts)


def time_rounds(
    time_block: Callable[[str], list[float]],
    time_kernels: Callable[[], Mapping[str, float]],
    rules: Rules,
    schedule: Schedule,
) -> RoundTimes:
    """Time the processes in turn until the noise is low enough.

    The time of a round is the lower quartile of its calls, because a disturbance can only make a call longer.

    Args:
        time_block: makes half a block of calls in a process (`base`, `head`, `again`) and returns the seconds of each.
        time_kernels: returns the seconds of the reference kernels, now.
        rules: their factor says which noise is low enough.
        schedule: number of rounds, and order of the processes.
    """
    order = list(_PROCESSES)
    shuffle = random.Random(schedule.seed).shuffle  # noqa: S311 (an order, no secret)
    quartiles: dict[str, list[float]] = {process: [] for process in _PROCESSES}
    kernels: dict[str, list[float]] = {}
    while True:
        shuffle(order)
        seconds: dict[str, list[float]] = {process: [] for process in _PROCESSES}
        for process in (*order, *reversed(order)):
            seconds[process] += time_block(process)
        for process in _PROCESSES:
            quartiles[process].append(statistics.quantiles(seconds[process], n=4, method="inclusive")[0])
        for kernel, taken in time_kernels().items():
            kernels.setdefault(kernel, []).append(taken)
        base, head, again = (tuple(quartiles[process]) for process in _PROCESSES)
        rounds = RoundTimes(base, head, again, {kernel: tuple(times) for kernel, times in kernels.items()})
        done = len(quartiles["base"])
        if done >= schedule.most or (done >= schedule.rounds and 2 * noise_floor(rounds) <= rules.factor - 1):
            return rounds


@dataclass(frozen=True)
class _LatencyGate:
    base: Version
    device: str
    threads: int | None
    load: str
    kernels: ReferenceKernels
    rules: Rules
    schedule: Schedule
    folder: Path
    watch: MachineWatch

    def compare(
        self, model: str, configurations: Sequence[Configuration], on_configuration: Callable[[str], None]
    ) -> Iterator[VersionPair]:
        """One pair for each configuration; a configuration that fails does not end the others."""
        with contextlib.ExitStack() as stack:
            clients: dict[str, BenchClient] = {}
            failed: dict[str, str] = {}
            for process, version in zip(_PROCESSES, (self.base, this_version(), self.base), strict=True):
                try:
                    client = BenchClient(version, model, self.device, self.load, self.threads)
                except BenchProcessFailed as error:
                    failed[process] = str(error)
                else:
                    clients[process] = stack.enter_context(client)
            for configuration in configurations:
                on_configuration(f"{model} {configuration}")
                yield self._pair(model, configuration, clients, dict(failed))

    def _pair(
        self, model: str, configuration: Configuration, clients: Mapping[str, BenchClient], failed: dict[str, str]
    ) -> VersionPair:
        setting = {name: str(getattr(configuration, name)) for name in ("precision", "memory_format", "mode")}
        exact: dict[str, ExactQuantities] = {}
        for process, client in clients.items():
            batch = self._batch_file(configuration, client.label_sources)
            try:
                exact[process] = client.prepare(batch, setting, count_breaks=process != "again")
            except BenchProcessFailed as error:
                failed[process] = str(error)
        rounds = None
        if not failed:
            half = max(1, self.schedule.calls // 2)
            self.watch.begin()
            try:
                rounds = time_rounds(
                    lambda process: clients[process].block(half), self.kernels.time, self.rules, self.schedule
                )
                rounds = replace(rounds, not_quiet=self._not_quiet(rounds))
            except BenchProcessFailed as error:
                failed["base"] = failed["head"] = str(error)
        return VersionPair(model, configuration, exact, failed, rounds)

    def _not_quiet(self, rounds: RoundTimes) -> str:
        medians = {name: statistics.median(times) for name, times in rounds.references.items()}
        return self.watch.end(medians, self.kernels.waited).explained(medians)

    def _batch_file(self, configuration: Configuration, sources: LabelSources) -> Path:
        """The batch of a configuration as a file that the bench process of any version reads."""
        shape = configuration.height, configuration.width, configuration.batch_size
        file = self.folder / f"{'x'.join(map(str, shape))}-{sources.context}-{sources.hole}.npz"
        if not file.exists():
            write_batch(file, make_batch(*shape, sources))
        return file


def _results(pairs: Sequence[VersionPair], timings: Sequence[TimingResult]) -> tuple[QuantityResult, ...]:
    left = iter(timings)
    results: list[QuantityResult] = []
    for pair in pairs:
        results.append(time_result(pair, next(left) if pair.rounds is not None else None))
        results += exact_results(pair)
    return tuple(results)
