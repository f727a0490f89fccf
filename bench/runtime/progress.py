"""Progress bars on stderr, with the rate and the time left; a bar that is not shown costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

__all__ = ["ReportProgress", "progress_bar", "training_bar"]

ReportProgress: TypeAlias = Callable[[str, float, float, float], None]
"""Called with the stage, the spent share of the whole budget (0 to 1), pictures a second, and the share of the time (0
to 1) that the training waits for data."""


@contextmanager
def progress_bar(total: int, unit: str, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A bar over `total` units; yields a function to call with the number of units done since the last call."""
    if not shown or total == 0:
        yield lambda _count: None
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
        task = bar.add_task(unit, total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def training_bar(*, shown: bool) -> Iterator[ReportProgress]:
    """A bar over the whole budget of a training, with its stage; yields the function that moves it."""
    if not shown:
        yield lambda _stage, _share, _rate, _wait: None
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
