"""The latency gate: this version against another one, in one job, in alternating blocks."""

from __future__ import annotations

import contextlib
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.profiling.bench_client import BenchClient, BenchProcessFailed
from bench.profiling.decision import Decision, Rounds, Rules, decide, noise_floor
from bench.profiling.environment import environment, machine_state
from bench.profiling.inputs import make_batch
from bench.profiling.reference_kernels import References
from bench.profiling.subject import CATALOGUE
from bench.profiling.sweep import Sweep
from bench.profiling.version_comparison import (
    Exact,
    Pair,
    QuantityResult,
    VersionComparison,
    exact_results,
    timing_result,
)
from bench.profiling.versions import Version, other_version, this_version
from bench.records.profile import Configuration
from bench.runtime.device import resolve_device
from bench.vocabulary import LabelSources

__all__ = ["Schedule", "against", "play_rounds"]

_ARMS = ("base", "head", "again")


@dataclass(frozen=True)
class Schedule:
    """How the arms take turns.

    Attributes:
        rounds: at least so many; more while two copies of the base differ by too much to hold the head to the factor.
        most: rounds after which that is given up.
        calls: of each arm a round, half of them on the way there and half on the way back (ABC, CBA).
        seed: of the order of the arms.
    """

    rounds: int = 20
    most: int = 60
    calls: int = 10
    seed: int = 0


def against(
    name: str,
    models: Sequence[str],
    sweep: Sweep | None = None,
    rules: Rules | None = None,
    schedule: Schedule | None = None,
    *,
    device: str = "auto",
    threads: int | None = None,
    load: str = CATALOGUE,
    on_pair: Callable[[str], None] = lambda _: None,
) -> VersionComparison:
    """Hold this version against another one.

    Three processes a model, base, head and a second base, each with the model loaded, take turns in blocks; what is
    exact (parameters, FLOPs, graph breaks, peak memory) is compared beside the times.

    Args:
        name: git revision, virtual environment or interpreter of the base.
        models: names of the catalogue; both versions must know them.
        sweep: configurations.
        rules: what it takes for a verdict.
        schedule: how the arms take turns.
        device, threads, load: as of `profile`.
        on_pair: called with a line when a configuration begins.

    Raises:
        UsageError: for a device that is not there, or a `name` that is no version.
    """
    rules, schedule = rules or Rules(), schedule or Schedule()
    device = resolve_device(device)
    references = References(device)
    pairs: list[Pair] = []
    before = machine_state(device)
    with other_version(name) as base, tempfile.TemporaryDirectory(prefix="spgbench-") as folder:
        work = _Work(base, device, threads, load, references, rules, schedule, Path(folder))
        for model in models:
            pairs += work.compare(model, (sweep or Sweep()).configurations(), on_pair)
        facts = {**environment(device), "base": base.title, "before": before, "after": machine_state(device)}
    decisions = decide([pair.rounds for pair in pairs if pair.rounds is not None], rules)
    return VersionComparison(_quantity_results(pairs, decisions), tuple(pairs), facts)


def play_rounds(
    play: Callable[[str], list[float]],
    references: Callable[[], Mapping[str, float]],
    rules: Rules,
    schedule: Schedule,
) -> Rounds:
    """Let the arms take turns until the noise is low enough.

    The time of a round is the lower quartile of its calls: what disturbs a call only ever makes it longer.

    Args:
        play: makes half a block of an arm (`base`, `head`, `again`) and tells its seconds.
        references: seconds of the reference kernels, now.
        rules: the factor says how low.
        schedule: how often.
    """
    order = list(_ARMS)
    shuffle = random.Random(schedule.seed).shuffle  # noqa: S311 (an order, no secret)
    quartiles: dict[str, list[float]] = {arm: [] for arm in _ARMS}
    moved: dict[str, list[float]] = {}
    while True:
        shuffle(order)
        seconds: dict[str, list[float]] = {arm: [] for arm in _ARMS}
        for arm in (*order, *reversed(order)):
            seconds[arm] += play(arm)
        for arm in _ARMS:
            quartiles[arm].append(statistics.quantiles(seconds[arm], n=4, method="inclusive")[0])
        for kernel, taken in references().items():
            moved.setdefault(kernel, []).append(taken)
        base, head, again = (tuple(quartiles[arm]) for arm in _ARMS)
        played = Rounds(base, head, again, {kernel: tuple(times) for kernel, times in moved.items()})
        done = len(quartiles["base"])
        if done >= schedule.most or (done >= schedule.rounds and 2 * noise_floor(played) <= rules.factor - 1):
            return played


@dataclass(frozen=True)
class _Work:
    base: Version
    device: str
    threads: int | None
    load: str
    references: References
    rules: Rules
    schedule: Schedule
    folder: Path

    def compare(
        self, model: str, configurations: Sequence[Configuration], on_pair: Callable[[str], None]
    ) -> Iterator[Pair]:
        """A pair a configuration; one that fails does not end the others."""
        with contextlib.ExitStack() as stack:
            arms: dict[str, BenchClient] = {}
            failed: dict[str, str] = {}
            for arm, version in (("base", self.base), ("head", this_version()), ("again", self.base)):
                try:
                    arms[arm] = stack.enter_context(BenchClient(version, model, self.device, self.load, self.threads))
                except BenchProcessFailed as error:
                    failed[arm] = str(error)
            for configuration in configurations:
                on_pair(f"{model} {configuration}")
                yield self._pair(model, configuration, arms, dict(failed))

    def _pair(
        self, model: str, configuration: Configuration, arms: Mapping[str, BenchClient], failed: dict[str, str]
    ) -> Pair:
        pictures = self._pictures(configuration)
        setting = {name: str(getattr(configuration, name)) for name in ("precision", "memory_format", "mode")}
        exact: dict[str, Exact] = {}
        for name, arm in arms.items():
            try:
                exact[name] = arm.prepare(pictures, setting, count_breaks=name != "again")
            except BenchProcessFailed as error:
                failed[name] = str(error)
        rounds = None
        if not failed:
            half = max(1, self.schedule.calls // 2)
            try:
                rounds = play_rounds(lambda arm: arms[arm].block(half), self.references.time, self.rules, self.schedule)
            except BenchProcessFailed as error:
                failed["base"] = failed["head"] = str(error)
        return Pair(model, configuration, exact, failed, rounds)

    def _pictures(self, configuration: Configuration) -> Path:
        """The batch as a file that every version reads."""
        size = configuration.height, configuration.width, configuration.batch_size
        file = self.folder / f"{'x'.join(map(str, size))}.npz"
        if not file.exists():
            batch = make_batch(*size, LabelSources("oracle", "oracle"))
            labels = np.zeros(0) if batch.labels is None else batch.labels.numpy()
            np.savez(file, image=batch.image.numpy(), hole=batch.hole.numpy(), labels=labels)
        return file


def _quantity_results(pairs: Sequence[Pair], decisions: Sequence[Decision]) -> tuple[QuantityResult, ...]:
    left = iter(decisions)
    quantity_results: list[QuantityResult] = []
    for pair in pairs:
        quantity_results.append(timing_result(pair, next(left) if pair.rounds is not None else None))
        quantity_results += exact_results(pair)
    return tuple(quantity_results)
