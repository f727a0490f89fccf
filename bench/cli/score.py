"""`spgbench score`: a folder of anyone's predictions in a model's place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.run import execute

__all__ = ["score"]


def score(
    directory: Annotated[Path, typer.Argument(help="DIR/PROTOCOL/ID.png, or DIR/ID.png for a single protocol.")],
    name: Annotated[str | None, typer.Option(help="Name of the row; the folder's name by default.")] = None,
    dataset: options.Dataset = None,
    data_root: options.DataRoot = None,
    split: options.Split = None,
    size: options.Size = None,
    limit: options.Limit = None,
    protocols: options.Protocols = None,
    metrics: options.Metrics = None,
    judge: options.Judge = None,
    seed: options.Seed = None,
    out: options.Out = None,
) -> None:
    """Score a folder of predictions, paired with the samples by name.

    With -o of an earlier run on the same pictures and holes, the folder becomes one more row of its tables.

    Example: spgbench score predictions --dataset streets --protocols center-50,freeform
    """
    from bench.evaluation.suite import Suite

    model = f"{name}=folder:{directory}" if name else f"folder:{directory}"
    suite = options.change_suite(
        Suite(f"score-{directory.resolve().name}", models=(model,)),
        dataset=dataset,
        data_root=data_root,
        split=split,
        size=size,
        limit=limit,
        protocols=protocols,
        metrics=metrics,
        judge=judge,
        seed=seed,
    )
    execute(suite, out or Path("results") / suite.name, device="cpu", asked=options.names(metrics))
