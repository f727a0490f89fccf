"""Progress on stderr, with the rate and the time left: a bar on a terminal, elsewhere a line every half minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

__all__ = ["ReportProgress", "progress_bar", "training_bar"]

ReportProgress: TypeAlias = Callable[[str, float, float, float], None]
"""Called with the stage, the spent share of the whole budget (0 to 1), pictures a second, and the share of the time (0
to 1) that the training waits for data."""

_LINE_EVERY = 30.0  # seconds


@contextmanager
def progress_bar(total: int, unit: str, *, shown: bool, title: str = "") -> Iterator[Callable[[int], None]]:
    """Progress over `total` units; yields a function to call with the number of units done since the last call.

    Args:
        title: what is done; by default the unit.
    """
    if not shown or total == 0:
        yield lambda _count: None
        return
    if not sys.stderr.isatty():
        lines = _Lines(total, unit, title)
        try:
            yield lines.advance
        finally:
            lines.close()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f} {unit}/s" if task.speed else f"- {unit}/s")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title or unit, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def training_bar(*, shown: bool) -> Iterator[ReportProgress]:
    """Progress over the whole budget of a training, with its stage; yields the function that moves it."""
    if not shown:
        yield lambda _stage, _share, _rate, _wait: None
        return
    if not sys.stderr.isatty():
        yield _TrainingLines().report
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:12}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]:.1f} pictures/s, {task.fields[wait]:.0%} waiting for data"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=300) as bar:
        task = bar.add_task("starting", total=1.0, rate=0.0, wait=0.0)

        def report(stage: str, share: float, rate: float, wait: float) -> None:
            bar.update(task, description=stage, completed=share, rate=rate, wait=wait)

        yield report


class _Clock:
    """When the next line is due, and how long the rest will take."""

    def __init__(self) -> None:
        self.start = self._last = time.monotonic()

    def is_due(self) -> bool:
        now = time.monotonic()
        if now - self._last < _LINE_EVERY:
            return False
        self._last = now
        return True

    @property
    def spent(self) -> float:
        return time.monotonic() - self.start

    def left(self, share: float) -> str:
        """The time left when `share` of the work, above 0, is done."""
        return _duration(self.spent * (1 - share) / share)


class _Lines:
    """Plain lines for a log file: one every half minute, and one at the end."""

    def __init__(self, total: int, unit: str, title: str) -> None:
        self._total, self._unit, self._title = total, unit, f"{title}: " if title else ""
        self._done, self._clock = 0, _Clock()

    def advance(self, count: int) -> None:
        self._done += count
        if self._clock.is_due() and 0 < self._done < self._total:
            self._print(f", {self._clock.left(self._done / self._total)} left")

    def close(self) -> None:
        self._print(f" in {_duration(self._clock.spent)}")

    def _print(self, end: str) -> None:
        rate = self._done / max(self._clock.spent, 1e-3)
        text = f"{self._title}{self._done} of {self._total} {self._unit}, {rate:.1f} {self._unit}/s{end}"
        sys.stderr.write(f"{text}\n")


class _TrainingLines:
    """The same for a training, from its whole budget."""

    def __init__(self) -> None:
        self._clock, self._first = _Clock(), 0.0

    def report(self, stage: str, share: float, rate: float, wait: float) -> None:
        self._first = self._first or share  # a resumed training does not begin at 0
        if not self._clock.is_due() and share < 1:
            return
        gained, rest = share - self._first, 1 - self._first
        left = f", {self._clock.left(gained / rest)} left" if 0 < gained < rest else ""
        text = f"{stage}: {share:.1%} of the budget, {rate:.1f} pictures/s, {wait:.0%} waiting for data{left}"
        sys.stderr.write(f"{text}\n")


def _duration(seconds: float) -> str:
    """`42 s`, `3 min 5 s`, `2 h 7 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
