"""`spgbench power`: how many pictures a comparison needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from bench.cli import options

if TYPE_CHECKING:
    from bench.gating.power import PowerTable

__all__ = ["power"]

_Asked: TypeAlias = "tuple[tuple[str, ...] | None, tuple[str, ...] | None]"
"""Metrics and regions that are asked for."""


def power(
    baseline: Annotated[
        str | None, typer.Argument(help="An earlier run, OUT or OUT:MODEL, whose differences are drawn again.")
    ] = None,
    candidates: Annotated[
        list[str] | None,
        typer.Argument(help="The candidates, in the same form; by default the other models of the baseline's folder."),
    ] = None,
    difference: Annotated[
        float | None, typer.Option(help="Without a run: the expected difference of the means.", show_default=False)
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option(
            help="Without a run: the standard deviation of the pictures' differences.",
            parser=options.Bounds("--spread", float, 0.0),
            show_default=False,
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(help="Without a run: the suite whose models are compared with its first one.", show_default=False),
    ] = None,
    tests: Annotated[
        int | None,
        typer.Option(
            parser=options.Bounds("--tests", int, 1),
            help="Tests that are corrected together; by default those of the comparison, without a run or suite 1.",
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option(
            help="Numbers of pictures whose power is printed, separated by commas; by default the run's.",
            show_default=False,
        ),
    ] = None,
    metrics: options.Metrics = None,
    regions: options.Regions = None,
    at_least: Annotated[float, typer.Option("--power", help="The chance of a finding that is asked for.")] = 0.8,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say how many pictures a difference needs to be found, and with what chance so many pictures find it.

    The test is that of `spgbench compare`, as the first step of Holm's correction. An earlier run gives difference and
    spread of each of its questions; without one, give both in the metric's unit.

    Example: spgbench power --difference 0.3 --spread 1.0 --suite quick --metrics psnr --regions hole
    """
    import json

    counts = tuple(options.whole_number(text, "number of pictures") for text in options.names(pictures) or ())
    asked = options.names(metrics), options.names(regions)
    if baseline is not None:
        table = _observed(baseline, candidates or [], counts, tests, asked, at_least)
    else:
        table = _expected(difference, spread, suite, counts, tests, asked, at_least)
    typer.echo(json.dumps(table.as_json(), indent=1) if as_json else table.as_text(), nl=as_json)


def _observed(
    baseline: str, candidates: list[str], counts: tuple[int, ...], tests: int | None, asked: _Asked, at_least: float
) -> PowerTable:
    from bench import gating
    from bench.gating.power import observed_power

    first, rest = gating.select(baseline), [gating.select(candidate) for candidate in candidates]
    if not rest:
        first, rest = gating.others(first)
    return observed_power(first, rest, counts, tests=tests, metrics=asked[0], regions=asked[1], power=at_least)


def _expected(
    difference: float | None,
    spread: float | None,
    suite: str | None,
    counts: tuple[int, ...],
    tests: int | None,
    asked: _Asked,
    at_least: float,
) -> PowerTable:
    from bench.errors import UsageError
    from bench.evaluation.suite import read_suite
    from bench.gating.power import expected_power, questions_of

    if difference is None or spread is None:
        raise UsageError(
            "power", "know a run, or --difference and --spread", "neither", "Give OUT, or both in the metric's unit."
        )
    if suite is not None:
        planned = read_suite(suite)
        questions = len(questions_of(planned.metrics, *asked)) * len(planned.protocols)
        tests = tests or max(1, len(planned.models) - 1) * questions
        counts = counts or ((planned.limit,) if planned.limit else ())
    return expected_power(difference, spread, tests or 1, counts, power=at_least)
