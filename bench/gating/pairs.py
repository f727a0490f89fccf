"""Two cells side by side: the same pictures in the same holes, and the statistics of their differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.records.caps import cap_of, capped
from bench.records.values import CellValues, Floats
from bench.statistics import (
    ClusterSums,
    cluster_intervals,
    cluster_sums,
    detectable_effect,
    min_pictures,
    sign_flip_p,
    sign_test_p,
    standard_errors,
    wilcoxon_p,
)
from bench.statistics.power import pictures_needed, resampling_draw, significant

__all__ = [
    "PairStatistics",
    "PairedCell",
    "PairedValues",
    "detectable",
    "pair_statistics",
    "pictures_to_tell_apart",
]


@dataclass(frozen=True)
class PairedValues:
    """One metric of two cells on the N samples that are `ok` in both.

    Attributes:
        samples: sample ids [N], sorted.
        pictures: what each sample was cut from [N]: samples of one picture are a cluster.
        baseline, candidate: float64 [N] as they were measured; NaN where undefined, infinities as they are.
        unit: of the values.
        higher_is_better: direction.
        signature: of the baseline's mean, which has the metric's cap: differences, gains and means count no value
            above it.
    """

    samples: tuple[str, ...]
    pictures: tuple[str, ...]
    baseline: Floats
    candidate: Floats
    unit: str
    higher_is_better: bool
    signature: str = ""

    @cached_property
    def counted(self) -> tuple[Floats, Floats]:
        """Baseline and candidate [N] as means count them: none above the cap."""
        return capped(self.baseline, self.signature), capped(self.candidate, self.signature)

    @cached_property
    def differences(self) -> Floats:
        """Candidate minus baseline [N]; NaN where either is undefined, or infinite without a cap."""
        before, after = self.counted
        with np.errstate(invalid="ignore"):
            return np.where(np.isfinite(before) & np.isfinite(after), after - before, np.nan)

    @cached_property
    def gains(self) -> Floats:
        """How much better the candidate is [N]; NaN if undefined. Without a cap infinite where one side is infinite."""
        return self._gains(*self.counted)

    @property
    def exact_lost(self) -> int:
        """Samples that only the baseline got perfectly right (infinite PSNR)."""
        return int(np.isneginf(self._gains(self.baseline, self.candidate)).sum())

    @property
    def exact_gained(self) -> int:
        """Samples that only the candidate got perfectly right."""
        return int(np.isposinf(self._gains(self.baseline, self.candidate)).sum())

    @property
    def uncounted(self) -> int:
        """Samples that only one side got perfectly right, and that are in no mean for want of a cap."""
        return int(np.isinf(self.gains).sum())

    @property
    def infinite(self) -> int:
        """Samples that are infinite on either side."""
        return int((np.isinf(self.baseline) | np.isinf(self.candidate)).sum())

    @property
    def undefined(self) -> int:
        """Samples that are undefined on either side."""
        return int(np.isnan(self.gains).sum())

    @property
    def remarks(self) -> str:
        """What is exact or undefined, in words: `2 are exact in both, 1 is undefined`; empty when nothing is."""
        counts = (
            (self.exact_lost, "exact only in the baseline"),
            (self.exact_gained, "exact only in the candidate"),
            (self.infinite - self.exact_lost - self.exact_gained, "exact in both"),
            (self.undefined, "undefined"),
        )
        parts = [f"{count} {'is' if count == 1 else 'are'} {what}" for count, what in counts if count]
        cap = cap_of(self.signature)
        if self.infinite:
            parts.append("exact is in no mean" if cap is None else f"exact counts as {cap:g} {self.unit}".rstrip())
        return ", ".join(parts)

    @cached_property
    def means(self) -> tuple[float | None, float | None]:
        """Means of baseline and candidate over the samples that have a difference."""
        kept = ~np.isnan(self.differences)
        if not kept.any():
            return None, None
        before, after = self.counted
        return float(before[kept].mean()), float(after[kept].mean())

    def worst(self, count: int = 5) -> tuple[tuple[str, float | None], ...]:
        """The samples where the candidate is most behind, worst first, with candidate minus baseline.

        None in place of an infinite difference.
        """
        order = np.argsort(self.gains, kind="stable")
        return tuple(
            (self.samples[index], float(self.differences[index]) if np.isfinite(self.gains[index]) else None)
            for index in order[:count]
            if self.gains[index] < 0
        )

    def _gains(self, baseline: Floats, candidate: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            change = candidate - baseline
        change = np.where(baseline == candidate, 0.0, change)
        return change if self.higher_is_better else -change


@dataclass(frozen=True)
class PairStatistics:
    """What the differences of one metric say.

    Attributes:
        n: differences, each between two values as their metric's cap counts them.
        pictures: source pictures behind them.
        difference: mean, candidate minus baseline; None without any.
        ci95: its clustered bootstrap interval; None with fewer than two pictures.
        error: its cluster-robust standard error, as `ci95`.
        p: of the sign-flip test; of the sign test on pictures that only one side got perfectly right, when there is no
            difference for want of a cap; None when neither is there.
        p_wilcoxon: of the signed-rank test, when asked for.
        win_rate: share of the samples where the candidate is better, ties counted half; None without samples.
        median: of the differences.
    """

    n: int
    pictures: int
    difference: float | None
    ci95: tuple[float, float] | None
    error: float | None
    p: float | None
    p_wilcoxon: float | None
    win_rate: float | None
    median: float | None


@dataclass(frozen=True)
class PairedCell:
    """Two cells on the samples that are `ok` in both."""

    baseline: CellValues
    candidate: CellValues

    @cached_property
    def rows(self) -> tuple[Sequence[int], Sequence[int]]:
        """Rows of the common samples in either cell."""
        usable = self.baseline.ok & self.candidate.ok
        common = [sample for sample in self.baseline.samples if sample in usable]
        return [self.baseline.row[sample] for sample in common], [self.candidate.row[sample] for sample in common]

    @cached_property
    def samples(self) -> tuple[str, ...]:
        """The common samples."""
        return tuple(self.baseline.samples[row] for row in self.rows[0])

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """What each common sample was cut from."""
        return tuple(self.baseline.pictures[row] for row in self.rows[0])

    @property
    def newly_failing(self) -> tuple[str, ...]:
        """Samples that were `ok` and failed in the candidate."""
        return tuple(sorted(self.baseline.ok & self.candidate.failed))

    @property
    def gone(self) -> tuple[str, ...]:
        """Samples that were `ok` and that the candidate does not have, or skipped."""
        return tuple(sorted(self.baseline.ok - self.candidate.ok - self.candidate.failed))

    @property
    def fixed(self) -> tuple[str, ...]:
        """Samples that failed in the baseline and are `ok` now."""
        return tuple(sorted(self.baseline.failed & self.candidate.ok))

    def values(self, metric: str) -> PairedValues:
        """One metric of pictures that both cells hold."""
        left, right = self.rows
        score = self.baseline.scores[metric]
        return PairedValues(
            self.samples,
            self.pictures,
            self.baseline.values[metric][left],
            self.candidate.values[metric][right],
            score.unit,
            score.higher_is_better,
            score.signature,
        )


def pair_statistics(every: Sequence[PairedValues], *, seed: int = 0, wilcoxon: bool = False) -> list[PairStatistics]:
    """The statistics of all of them, in order; those over the same pictures share their random draws."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, values in enumerate(every):
        groups.setdefault(values.pictures, []).append(index)
    found: dict[int, PairStatistics] = {}
    for pictures, members in groups.items():
        group = [every[index] for index in members]
        if pictures:
            found.update(zip(members, _of_group(pictures, group, seed, wilcoxon), strict=True))
        else:
            found.update((index, _summary(values, _EMPTY)) for index, values in zip(members, group, strict=True))
    return [found[index] for index in range(len(every))]


def detectable(statistics: PairStatistics, tests: int, level: float) -> float | None:
    """The true difference that so many pictures find with 80 % power among `tests` tests; None where they find none."""
    of_set = statistics.win_rate is None  # whose p is a normal one, without a smallest value
    if not tests or statistics.error is None or (not of_set and statistics.pictures < min_pictures(tests, level)):
        return None
    return detectable_effect(statistics.error, tests=tests, level=level)


def pictures_to_tell_apart(values: PairedValues, tests: int, level: float) -> int | None:
    """Pictures of which 80 % of the draws from these differences are significant among `tests` tests; None: too many.

    None, too, with fewer than two pictures or without any difference between them.
    """
    if not len(values.samples):
        return None
    columns = cluster_sums(values.differences, values.pictures)
    used = int(columns.used()[0])
    if used < 2 or not columns.sums.any():
        return None
    least = max(used + 1, min_pictures(tests, level))
    return pictures_needed(resampling_draw(columns), significant(tests, level), least=least)


_EMPTY = (0, 0.0, 0.0, float("nan"), float("nan"), float("nan"), None)


def _of_group(
    pictures: tuple[str, ...], group: Sequence[PairedValues], seed: int, wilcoxon: bool
) -> Iterable[PairStatistics]:
    columns: ClusterSums = cluster_sums(np.column_stack([values.differences for values in group]), pictures)
    low, high = cluster_intervals(columns, seed=seed)
    facts = zip(
        columns.used().tolist(),
        columns.means().tolist(),
        low.tolist(),
        high.tolist(),
        standard_errors(columns).tolist(),
        sign_flip_p(columns, seed=seed).tolist(),
        wilcoxon_p(columns).tolist() if wilcoxon else [None] * len(group),
        strict=True,
    )
    return [
        _summary(values, (used, mean, below, above, error, p, rank_p))
        for values, (used, mean, below, above, error, p, rank_p) in zip(group, facts, strict=True)
    ]


def _summary(
    values: PairedValues, facts: tuple[int, float, float, float, float, float, float | None]
) -> PairStatistics:
    used, mean, low, high, error, p, rank_p = facts
    differences = values.differences[~np.isnan(values.differences)]
    several = used > 1
    return PairStatistics(
        n=len(differences),
        pictures=used,
        difference=mean if used else None,
        ci95=(low, high) if several else None,
        error=error if several else None,
        p=p if used else sign_test_p(values.exact_gained, values.exact_lost) if values.uncounted else None,
        p_wilcoxon=rank_p if used else None,
        win_rate=_win_rate(values.gains),
        median=float(np.median(differences)) if used else None,
    )


def _win_rate(gains: Floats) -> float | None:
    defined = gains[~np.isnan(gains)]
    if not len(defined):
        return None
    return (np.count_nonzero(defined > 0) + np.count_nonzero(defined == 0) / 2) / len(defined)
