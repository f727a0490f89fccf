"""`spgbench masks export`: the holes of mask protocols as files."""

from __future__ import annotations

from pathlib import Path

import typer

from bench.cli import options
from bench.cli.console.session import session

__all__ = ["export"]


def export(
    dataset: options.Dataset = None,
    data_root: options.DataRoot = None,
    split: options.Split = None,
    split_list: options.SplitList = None,
    size: options.Size = None,
    limit: options.Limit = None,
    protocols: options.Protocols = None,
    seed: options.Seed = None,
    out: options.Out = None,
) -> None:
    """Write masks, masked pictures, a contact sheet for each protocol, and a manifest with the SHA-256 of every mask.

    A model that runs elsewhere reads OUT/PROTOCOL/inputs and OUT/PROTOCOL/holes (white = missing).

    Example: spgbench masks export --protocols center-50,freeform --limit 24 -o holes
    """
    from bench.evaluation.export import export_holes
    from bench.evaluation.plan import resolve
    from bench.evaluation.suite import Suite
    from bench.runtime.progress import progress_bar

    suite = options.change_suite(
        Suite("masks", models=()),
        dataset=dataset,
        data_root=data_root,
        split=split,
        split_list=split_list,
        size=size,
        limit=limit,
        protocols=protocols,
        seed=seed,
    )
    folder = session.out = out or Path("holes")
    plan = resolve(suite, folder)
    with progress_bar(len(plan.protocols) * len(plan.dataset), "holes", shown=not session.quiet) as advance:
        files = export_holes(plan, folder, advance)
    for file in files:
        typer.echo(file)
