"""The part of `spgbench profile` that tests models under load."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from bench.cli import options
from bench.cli.console.session import say, session, warn
from bench.cli.execution import Execution
from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.profiling import Sweep
    from bench.profiling.load import LoadPlan
    from bench.records.load import LoadRecord, LoadResults, Scenario

__all__ = ["load_plan", "run_load_test"]


_OF_LOAD = ("budget_p99", "load_rate", "load_queries", "load_seconds", "load_seed")
_OF_OTHERS = ("samples", "seconds", "retries", "end_to_end", "against", "factor", "rounds", "strict")


def load_plan(
    scenarios: str | None,
    budget: str | None,
    rate: str | None,
    queries: int | None,
    seconds: float,
    seed: int,
    context: typer.Context,
) -> LoadPlan | None:
    """What the options of a load test ask for, or None without `--load`.

    Raises:
        UsageError: for an option that would change nothing, a time without a unit, a number out of range, or a server
            without a budget.
        UnknownName: for an unknown scenario.
    """
    from bench.records.units import parse_rate, parse_seconds

    _refuse_others(context, scenarios)
    if scenarios is None:
        return None
    from bench.profiling.load import LoadPlan

    names = cast("tuple[Scenario, ...]", options.names(scenarios) or ())
    limit = None if budget is None else parse_seconds(budget, "--budget-p99")
    wanted = None if rate is None else parse_rate(rate, "--load-rate")
    return LoadPlan(tuple(dict.fromkeys(names)), limit, wanted, queries, seconds, seed)


def _refuse_others(context: typer.Context, scenarios: str | None) -> None:
    """Raise UsageError for an option on the command line that would change nothing with, or without, `--load`."""
    for name in _OF_LOAD if scenarios is None else _OF_OTHERS:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option, there = f"--{name.replace('_', '-')}", scenarios is not None
            must, found = ("stand without --load", "--load") if there else ("stand beside --load", "no --load")
            raise UsageError(option, must, found, "Leave it away." if there else "Add --load server.")


def run_load_test(
    names: tuple[str, ...],
    sweep: Sweep,
    plan: LoadPlan,
    budget: float | None,
    threads: int | None,
    device: str,
    out: Path,
    engine: Execution,
) -> None:
    """Test, report, print the table; exit 1 when a model could not be loaded or failed, 130 after Ctrl-C."""
    from bench.profiling.load import load_test
    from bench.reporting.profile.load import load_table, report_load

    session.out = out
    told: list[LoadRecord] = []

    def tell(record: LoadRecord) -> None:
        told.append(record)
        _tell(record)

    measure = partial(load_test, names, out.absolute(), plan, sweep, budget=budget, threads=threads)
    found = engine.measure("load test", measure, out, device, tell)
    files = report_load(found)
    typer.echo(load_table(found), nl=False)
    say(f"{len(files)} files made from the records in {out / 'load'}; see {files[0]}")
    _end(found, told)


def _end(found: LoadResults, told: list[LoadRecord]) -> None:
    invalid = [record for record in told if record.invalid]
    if invalid:
        warn(f"{len(invalid)} of {len(told)} tests are INVALID: {invalid[0].not_quiet or invalid[0].invalid}")
    for name, reason in found.environment["not_loaded"].items():
        typer.echo(f"spgbench: model {name} was not tested: {reason}", err=True)
    status = found.environment["status"]
    if status != "whole":
        warn(f"not whole ({status}); what was measured is kept")
    if status == "interrupted":
        raise typer.Exit(130)
    if found.environment["not_loaded"] or any(record.status in ("failed", "out-of-memory") for record in told):
        raise typer.Exit(1)


def _tell(record: LoadRecord) -> None:
    """A line a test on stderr, but none for those that were not begun."""
    if record.status == "not-run":
        return
    trial, p = record.result, record.percent
    number: str = record.status
    if trial is not None and record.scenario == "offline":
        number = f"{trial.pictures_per_s:.4g} pictures/s"
    elif trial is not None:
        number = f"p{p:g} {1e3 * trial.latency(p):.4g} ms"
    found = "; ".join(filter(None, (number, record.verdict if trial else record.reason)))
    marks = f" INVALID ({record.invalid})" if record.invalid else ""
    say(f"{record.model} {record.scenario} {record.configuration}: {found}{marks}")
