"""`spgbench predict`: a model's pictures, unscored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import execution, options
from bench.cli.console.session import say, session

__all__ = ["predict"]


def predict(
    models: Annotated[str, typer.Option(help="Models, separated by commas.")],
    dataset: options.Dataset = None,
    data_root: options.DataRoot = None,
    split: options.Split = None,
    split_list: options.SplitList = None,
    size: options.Size = None,
    limit: options.Limit = None,
    protocols: options.Protocols = None,
    seed: options.Seed = None,
    device: options.Device = "auto",
    workers: execution.Workers = 1,
    executor: execution.Executor = execution.ExecutorChoice.local,
    ray_address: execution.RayAddress = None,
    executor_options: execution.ExecutorOptions = None,
    out: options.Out = None,
) -> None:
    """Write the fills of models as OUT/MODEL/PROTOCOL/ID.png; `spgbench score OUT/MODEL` scores them.

    Example: spgbench predict --models telea --protocols center-50 --limit 8 -o predictions
    """
    from bench.evaluation.export import export_predictions
    from bench.evaluation.plan import resolve
    from bench.evaluation.suite import Suite
    from bench.evaluation.workers.crashing_models import leave_out_crashing
    from bench.runtime.device import resolve_device
    from bench.runtime.progress import progress_bar

    suite = options.change_suite(
        Suite("predict"),
        models=models,
        dataset=dataset,
        data_root=data_root,
        split=split,
        split_list=split_list,
        size=size,
        limit=limit,
        protocols=protocols,
        seed=seed,
    )
    folder = session.out = out or Path("predictions")
    device, crashed = resolve_device(device), dict[str, str]()
    engine = execution.Execution.of(workers, executor, ray_address, executor_options).engine(folder, device)
    if engine:
        suite, crashed = leave_out_crashing(suite, device)
    plan = resolve(suite, folder, device)
    with progress_bar(len(plan.cells) * len(plan.dataset), "pictures", shown=not session.quiet) as advance:
        written = export_predictions(plan, folder, advance, executor=engine, crashed=crashed)
    typer.echo(folder)
    say(f"{written} pictures written")
