"""`spgbench profile`: what a model costs, and whether a change makes it slower."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import execution, options
from bench.cli.console.session import say, session, warn
from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.profiling import Effort, Rules, Schedule, Sweep
    from bench.records.profile import ProfileRecord

__all__ = ["profile"]


def profile(
    context: typer.Context,
    models: Annotated[str, typer.Option(help="Models, separated by commas; NAME=MODEL names a row.")] = "mean,telea",
    resolutions: Annotated[
        str, typer.Option(help="Sizes, separated by commas: 256 (square) or 512x1024 (height x width).")
    ] = "256",
    batch_sizes: Annotated[str, typer.Option(help="Pictures in a call, several numbers separated by commas.")] = "1",
    precisions: Annotated[str, typer.Option(help="Precisions, separated by commas: fp32, tf32, bf16, fp16.")] = "fp32",
    memory_formats: Annotated[
        str, typer.Option(help="Memory formats, separated by commas: contiguous, channels-last.")
    ] = "contiguous",
    modes: Annotated[str, typer.Option(help="Modes, separated by commas: eager, compile, cuda-graphs.")] = "eager",
    samples: Annotated[
        int, typer.Option(parser=options.Bounds("--samples", int, 3), help="Timed calls of a configuration.")
    ] = 30,
    seconds: Annotated[float, typer.Option(help="Time limit of a configuration, which has at least 3 calls.")] = 20.0,
    budget: Annotated[
        float | None,
        typer.Option(
            help="Time limit of the command in seconds; what is measured by then is kept.", show_default=False
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            parser=options.Bounds("--threads", int, 1), help="Threads of torch in every process.", show_default=False
        ),
    ] = None,
    retries: Annotated[
        int,
        typer.Option(
            parser=options.Bounds("--retries", int, 0),
            help="Measure INVALID configurations again, at most this many times.",
        ),
    ] = 0,
    *,
    load: Annotated[
        str | None,
        typer.Option(
            help="Load test: scenarios, separated by commas: single-stream, multi-stream, offline, server.",
            show_default=False,
        ),
    ] = None,
    budget_p99: Annotated[
        str | None,
        typer.Option(
            "--budget-p99", help="Load test: limit of the p99 latency of the server scenario: 50ms.", show_default=False
        ),
    ] = None,
    load_rate: Annotated[
        str | None,
        typer.Option(
            help="Load test: test the server at this rate (20/s); search for a lower one only if it is not held.",
            show_default=False,
        ),
    ] = None,
    load_queries: Annotated[
        int | None,
        typer.Option(
            help="Load test: least number of queries in a trial; by default 64 for a p90, 662 for a p99.",
            parser=options.Bounds("--load-queries", int, 1),
            show_default=False,
        ),
    ] = None,
    load_seconds: Annotated[float, typer.Option(help="Load test: shortest time of a trial.")] = 10.0,
    load_seed: Annotated[
        int, typer.Option(help="Load test: seed of the arrivals.", parser=options.Bounds("--load-seed", int, 0))
    ] = 0,
    end_to_end: Annotated[
        bool, typer.Option(help="Time the path of a service, too: decode, copy, inpaint, quantise, copy, encode.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(help="Gate: the git revision, virtual environment or Python to compare with.", show_default=False),
    ] = None,
    factor: Annotated[float, typer.Option(help="Gate: ratio of times from which a version counts as slower.")] = 1.05,
    rounds: Annotated[
        int,
        typer.Option(
            parser=options.Bounds("--rounds", int, 8),
            help="Gate: least number of rounds; noisy times take up to three times as many.",
        ),
    ] = 20,
    strict: Annotated[bool, typer.Option(help="Gate: exit with 1 for an INVALID time, too.")] = False,
    device: options.Device = "auto",
    executor: execution.Executor = execution.ExecutorChoice.local,
    ray_address: execution.RayAddress = None,
    executor_options: execution.ExecutorOptions = None,
    out: options.Out = None,
) -> None:
    """Measure latency, throughput, memory and operations, and compare them with the limit of the machine.

    Each model has its own process. What does not work is recorded with its reason. With --against it is a gate: faster,
    slower (exit 1), same or INVALID; it also compares parameters, operations, graph breaks and memory. With --load it
    tests models under load; the server scenario finds the highest rate of queries whose p99 stays within --budget-p99.
    With --executor one worker measures everything, on its machine.

    Example: spgbench profile --models telea,patchmatch --resolutions 128,128x256 --samples 5 -o results/cost
    """
    engine = execution.Execution.of(1, executor, ray_address, executor_options)
    names = options.names(models) or ()
    sweep = _sweep(resolutions, batch_sizes, precisions, memory_formats, modes)
    _check_names(names)
    from bench.cli.load_test import load_plan, run_load_test
    from bench.profiling import Effort, Rules, Schedule

    plan = load_plan(load, budget_p99, load_rate, load_queries, load_seconds, load_seed, context)
    if plan is not None:
        run_load_test(names, sweep, plan, budget, threads, device, out or Path("results") / "profile", engine)
        return
    if against is not None:
        if end_to_end:
            raise UsageError("--end-to-end", "stand without --against", "both", "Profile the two versions one by one.")
        if engine != execution.HERE:
            fix = "Start the command on the machine that it should measure, for example with srun."
            raise UsageError("--against", "stand without --executor", "both", fix)
        schedule = Schedule(rounds, 3 * rounds)
        _gate(against, names, sweep, Rules(factor), schedule, device, threads, out, strict=strict)
        return
    effort = Effort(samples, seconds, seconds / 2, budget, threads, retries, end_to_end)
    _measure(names, sweep, effort, device, out or Path("results") / "profile", engine)


def _measure(
    names: tuple[str, ...],
    sweep: Sweep,
    effort: Effort,
    device: str,
    out: Path,
    engine: execution.Execution,
) -> None:
    """Sweep, report, print the tables; exit 1 when a model could not be loaded, 130 after Ctrl-C."""
    from bench import profiling
    from bench.reporting.profile import profile_table, report_profile

    session.out = out
    measure = partial(profiling.profile, names, out.absolute(), sweep, effort)
    found = engine.measure("profile", measure, out, device, _tell)
    files = report_profile(found)
    typer.echo(profile_table(found))
    say(f"{len(files)} files made from the records in {out / 'profile'}; see {files[0]}")
    invalid = sum(bool(record.invalid) for record in found.records)
    if invalid:
        told = next((record.not_quiet for record in found.records if record.not_quiet), "")
        why = f"this machine is not quiet: {told}" if told else "the machine was not steady"
        warn(f"{invalid} configurations are INVALID, {why}")
    if any(record.contention and record.contention.first_use for record in found.records):
        say("note: first use on this machine: reference kernels have no best times to compare with yet")
    for name, reason in found.environment["not_loaded"].items():
        typer.echo(f"spgbench: model {name} was not measured: {reason}", err=True)
    status = found.environment["status"]
    if status != "whole":
        warn(f"not whole ({status}); what was measured is kept")
    if status == "interrupted":
        raise typer.Exit(130)
    if found.environment["not_loaded"]:
        raise typer.Exit(1)


def _gate(
    against: str,
    names: tuple[str, ...],
    sweep: Sweep,
    rules: Rules,
    schedule: Schedule,
    device: str,
    threads: int | None,
    out: Path | None,
    *,
    strict: bool,
) -> None:
    """Compare, print a line a finding, keep the raw times with -o; exit 1 on a regression."""
    from bench import profiling
    from bench.records import write_atomically
    from bench.records.schema import dump

    found = profiling.compare_versions(
        against,
        names,
        sweep,
        rules,
        schedule,
        device=device,
        threads=threads,
        on_configuration=say,
    )
    if out is not None:
        write_atomically(out / "profile" / "against.json", dump(found.as_json()))
    typer.echo(found.as_text(), nl=False)
    invalid = sum(result.verdict == "INVALID" for result in found.results)
    if invalid:
        warn(f"{invalid} of {len(found.results)} results are INVALID")
    if found.exit_code(strict=strict):
        raise typer.Exit(1)


def _tell(record: ProfileRecord) -> None:
    """A line a configuration on stderr, but none for those that were not begun."""
    if record.status == "not-run":
        return
    number = f"{1e3 * record.latency():.4g} ms" if record.measured else record.status
    marks = f" INVALID ({record.invalid})" if record.invalid else ""
    reason = f": {record.reason}" if record.reason else ""
    say(f"{record.model} {record.configuration}: {number}{reason}{marks}")


def _sweep(resolutions: str, batch_sizes: str, precisions: str, memory_formats: str, modes: str) -> Sweep:
    from typing import Any

    from bench.profiling import Sweep

    chosen: dict[str, Any] = {
        "precisions": options.names(precisions),
        "memory_formats": options.names(memory_formats),
        "modes": options.names(modes),
    }
    return Sweep(
        _sizes(resolutions),
        tuple(options.whole_number(text, "batch size") for text in options.names(batch_sizes) or ()),
        **chosen,
    )


def _sizes(text: str) -> tuple[tuple[int, int], ...]:
    from bench.data import parse_size

    sizes = [parse_size(name) for name in options.names(text) or ()]
    if None in sizes:
        raise UsageError(
            "resolution", "be 256 or 512x1024", "'native'", "Give numbers: what is timed is drawn to size."
        )
    return tuple(size for size in sizes if size is not None)


def _check_names(names: tuple[str, ...]) -> None:
    """Unknown names are refused before anything is measured."""
    from bench.models import MODELS
    from bench.models.model_name import ModelName

    if not names:
        raise UsageError("--models", "name at least one model", "none", "See `spgbench ls models`.")
    for name in names:
        MODELS.find(ModelName.parse(name).base)
