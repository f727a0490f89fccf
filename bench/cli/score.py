"""`spgbench score`: folders of anyone's predictions in a model's place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import execution, options
from bench.cli.console.session import say, warn
from bench.cli.run import execute
from bench.errors import UsageError

__all__ = ["score"]


def score(
    directories: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of predictions: DIR/NAME.png; with a data set and several protocols DIR/PROTOCOL/ID.png."
        ),
    ],
    *,
    truth: Annotated[
        Path | None,
        typer.Option(help="Folder of true pictures, paired with the predictions by name.", show_default=False),
    ] = None,
    masks: Annotated[
        str | None,
        typer.Option(
            help="Folder of the masks of the true pictures, paired by name; white is the hole, DIR?hole=black: black.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Names of the rows, separated by commas; the folders' names by default.")
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            help="How the files are named, e.g. '{id}_mask001'; by default found by itself.", show_default=False
        ),
    ] = None,
    dataset: options.Dataset = None,
    data_root: options.DataRoot = None,
    split: options.Split = None,
    split_list: options.SplitList = None,
    size: options.Size = None,
    limit: options.Limit = None,
    protocols: options.Protocols = None,
    metrics: options.Metrics = None,
    judge: options.Judge = None,
    seed: options.Seed = None,
    workers: execution.Workers = 1,
    executor: execution.Executor = execution.ExecutorChoice.local,
    ray_address: execution.RayAddress = None,
    executor_options: execution.ExecutorOptions = None,
    report: options.Report = True,
    out: options.Out = None,
) -> None:
    """Score folders of predictions, paired by name with true pictures (--truth) or with the samples of a data set.

    With --truth pictures keep their sizes, and without --masks whole pictures are compared. With -o of an earlier run
    on the same pictures and holes, each folder becomes one more row of its tables.

    Example: spgbench score predictions --truth photos --masks masks -o results/scored
    """
    from bench.evaluation.suite import Suite
    from bench.evaluation.two_folders import name_rows

    engine = execution.Execution.of(workers, executor, ray_address, executor_options)
    rows = name_rows(directories, options.names(name) or (), pair or "")
    if truth is not None:
        other = {"--dataset": dataset, "--data-root": data_root, "--split": split, "--size": size, "--limit": limit}
        other |= {"--split-list": split_list, "--protocols": protocols, "--judge": judge, "--seed": seed}
        _refuse_both("--truth", [option for option, value in other.items() if value is not None])
        _score_against(truth, masks, directories, rows, options.names(metrics), out, engine, report=report)
        return
    _refuse_both("--masks without --truth", ["a data set"] if masks is not None else [])
    suite = options.change_suite(
        Suite(f"score-{directories[0].resolve().name}", models=rows),
        dataset=dataset,
        data_root=data_root,
        split=split,
        split_list=split_list,
        size=size,
        limit=limit,
        protocols=protocols,
        metrics=metrics,
        judge=judge,
        seed=seed,
    )
    folder = out or Path("results") / suite.name
    execute(suite, folder, device="cpu", engine=engine, asked=options.names(metrics), with_report=report)


def _score_against(
    truth: Path,
    masks: str | None,
    directories: list[Path],
    rows: tuple[str, ...],
    metrics: tuple[str, ...] | None,
    out: Path | None,
    engine: execution.Execution,
    *,
    report: bool,
) -> None:
    """Check the folders against one another, score, and say what the numbers are of."""
    from bench.evaluation.two_folders import check_folders, check_scores, folder_suite
    from bench.records import read_run

    suite = folder_suite(rows, truth, masks, metrics)
    for warning in check_folders(suite, truth, directories):
        warn(warning)
    if masks is None:
        say("No --masks: whole pictures are compared, region full alone.")
    folder = out or Path("results") / suite.name
    execute(suite, folder, device="cpu", engine=engine, asked=metrics, with_report=report)
    for warning in check_scores(read_run(folder), truth, masks) if masks else ():
        warn(warning)


def _refuse_both(option: str, others: list[str]) -> None:
    if others:
        found, fix = ", ".join(others), "Score against --truth DIR, or against a data set with --protocols files:DIR."
        raise UsageError(option, "stand without options of data sets", found, fix)
