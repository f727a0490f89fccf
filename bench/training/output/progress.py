"""The progress bar of a training, on stderr: pictures a second, share of time waiting for data, and time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

__all__ = ["ProgressCallback", "training_bar"]

ProgressCallback: TypeAlias = Callable[[str, float, float, float], None]
"""Called with stage, spent share of the whole budget, pictures a second, share of time waiting for data."""


@contextmanager
def training_bar(*, shown: bool) -> Iterator[ProgressCallback]:
    """A bar over the whole budget; yields the function that updates it."""
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
