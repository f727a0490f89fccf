"""`spgbench fetch`: what metrics need and no package brings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

__all__ = ["app", "weights"]

app = typer.Typer(no_args_is_help=True, help="Published weights that metrics need.")


@app.callback()
def _fetch() -> None:
    """Makes `weights` a sub-command although it is the only one."""


@app.command("weights")
def weights(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names of the weights; without a name, all are listed.", show_default=False),
    ] = None,
) -> None:
    """Download weights once, check their SHA-256, and print their paths; without a name, list all sets.

    They are kept in SPGBENCH_CACHE (else ~/.cache/spgbench). A machine without a network reads the same files from the
    folder that SPGBENCH_WEIGHTS names. An interrupted download goes on where it stopped.

    Example: spgbench fetch weights lpips-alex inception
    """
    from bench.weights import WEIGHT_SETS, absence, find, weight_set

    sets = [weight_set(name) for name in names or ()]
    if not sets:
        width = max(map(len, WEIGHT_SETS))
        for known in WEIGHT_SETS.values():
            typer.echo(f"{known.name:{width}}  {'absent ' if absence(known.name) else 'at hand'}  {known.summary}")
    for file in dict.fromkeys(file for wanted in sets for file in wanted.files):
        with _progress(file) as advance:
            path = find(file, progress=advance)
        typer.echo(path)


@contextmanager
def _progress(file: str) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for one file, where somebody watches; yields what takes the number of new bytes."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from bench.weights import weight_file

    columns = (TextColumn(file), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file, total=weight_file(file).size)
        yield lambda count: bar.advance(task, count)
