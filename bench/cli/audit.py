"""`spgbench audit`: what each metric sees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import execution, options
from bench.cli.console.session import say, session

__all__ = ["audit"]


def audit(
    metrics: options.Metrics = None,
    dataset: options.Dataset = None,
    data_root: options.DataRoot = None,
    split: options.Split = None,
    size: options.Size = None,
    limit: Annotated[
        int,
        typer.Option(
            help="Number of pictures, spread evenly over the split.",
            parser=options.Bounds("--limit", int, 1),
            rich_help_panel=options.DATA,
        ),
    ] = 24,
    protocols: options.Protocols = None,
    judge: options.Judge = None,
    seed: options.Seed = None,
    device: options.Device = "cpu",
    workers: execution.Workers = 1,
    executor: execution.Executor = execution.ExecutorChoice.local,
    ray_address: execution.RayAddress = None,
    executor_options: execution.ExecutorOptions = None,
    out: options.Out = None,
) -> None:
    """Find out which distortions of the truth each metric sees, and which ones it calls better than none.

    The truth inside the holes is blurred, moved, recoloured and so on, from slightly to strongly. The response of a
    metric is how much worse it calls the result, in units of its own noise. By default all metrics are audited that
    can be taken.

    Example: spgbench audit --metrics psnr,ssim -o results/audit
    """
    from bench.audit import audit as run_audit
    from bench.records import locked, write_atomically
    from bench.records.audit import write_audit
    from bench.reporting.audit import audit_table, report_audit
    from bench.reporting.csv_text import csv_text
    from bench.reporting.tables.markdown import markdown_table
    from bench.runtime.device import resolve_device

    folder = session.out = out or Path("results") / "audit"
    engine = execution.Execution.of(workers, executor, ray_address, executor_options)
    with locked(folder):
        record, measured = run_audit(
            options.names(metrics),
            dataset or "streets",
            split=split or "test",
            size=size or "256",
            limit=limit,
            data_root=data_root,
            protocols=options.names(protocols) or ("center-50",),
            judge=judge,
            seed=seed or 0,
            device=device,
            progress=not session.quiet,
            executor=engine.engine(folder, resolve_device(device)),
        )
        write_audit(folder, record)
        write_atomically(folder / "values.csv", csv_text(measured.frame(record.keys)))
        files = report_audit(record, folder)
    typer.echo(markdown_table(audit_table(record), intervals=False), nl=False)
    say(f"{len(files)} tables and plots in {folder}")
    if measured.lost:
        raise measured.lost
