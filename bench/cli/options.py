"""Options that several commands share: one name, one type, one help text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bench.evaluation.suite import Suite

__all__ = [
    "DataRoot",
    "Dataset",
    "Device",
    "Judge",
    "Limit",
    "Metrics",
    "Out",
    "Protocols",
    "Report",
    "Seed",
    "Size",
    "Split",
    "change_suite",
    "names",
]

Dataset = Annotated[str | None, typer.Option(help="Data set; see `spgbench ls datasets`.", show_default=False)]
DataRoot = Annotated[str | None, typer.Option(help="Folder that holds the data set.", show_default=False)]
Split = Annotated[str | None, typer.Option(help="Split of the data set: train, val or test.", show_default=False)]
Size = Annotated[
    str | None,
    typer.Option(help="Size of the pictures: 256 (square), 256x512 (height x width) or native.", show_default=False),
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Number of pictures, spread evenly over the split.", show_default=False)
]
Protocols = Annotated[str | None, typer.Option(help="Mask protocols, separated by commas.", show_default=False)]
Metrics = Annotated[str | None, typer.Option(help="Metrics, separated by commas.", show_default=False)]
Judge = Annotated[
    str | None,
    typer.Option(
        help="Segmenter of completed pictures, for the metrics judge-...; see `spgbench ls judges`.", show_default=False
    ),
]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of holes and models.", show_default=False)]
Device = Annotated[str, typer.Option(help="Device: auto, cpu, cuda or cuda:1.")]
Report = Annotated[
    bool, typer.Option("--report/--no-report", help="Make tables, plots and the page, or print the main table alone.")
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Output folder.", show_default=False)]


def names(text: str | None) -> tuple[str, ...] | None:
    """`"a, b"` -> `("a", "b")`; None stays None."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def change_suite(
    suite: Suite,
    *,
    models: str | None = None,
    dataset: str | None,
    data_root: str | None,
    split: str | None,
    size: str | None,
    limit: int | None,
    protocols: str | None,
    metrics: str | None = None,
    judge: str | None = None,
    seed: int | None,
) -> Suite:
    """The suite with the changes of the command line; None changes nothing."""
    return suite.with_changes(
        models=names(models),
        dataset=dataset,
        data_root=data_root,
        split=split,
        size=size,
        limit=limit,
        protocols=names(protocols),
        metrics=names(metrics),
        judge=judge,
        seed=seed,
    )
