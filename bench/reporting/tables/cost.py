"""The table of cost beside quality: a row a model, up to three metrics over all protocols, then what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from bench.records import Score
from bench.records.profile import Profile
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.cost import Cost, RunCosts, run_costs
from bench.reporting.analysis.frames import cost_frame
from bench.reporting.analysis.groups import Group, Mark
from bench.reporting.analysis.ranking import ranked
from bench.reporting.analysis.signatures import merge_signatures
from bench.reporting.formatting import three_digits
from bench.reporting.tables.mark_notes import mark_notes
from bench.reporting.tables.model import Table, oracles_last
from bench.reporting.titles import dataset_title

__all__ = ["cost_table"]

_MIB = 1 << 20

_COSTS: dict[Column, Callable[[Cost], float]] = {
    Column("parameters", "parameters", "Parameters", "", "M", False, None): lambda cost: (
        math.nan if cost.record.parameters is None else cost.record.parameters / 1e6
    ),
    Column("multiply-adds", "multiply-adds", "Multiply-adds", "", "G", False, None): lambda cost: (
        cost.multiply_adds / 1e9
    ),
    Column("latency.p50", "latency", "Latency", "p50", "ms", False, None): lambda cost: 1e3 * cost.record.latency(),
    Column("throughput", "throughput", "Throughput", "", "pictures/s", True, None): lambda cost: cost.best.throughput,
    Column("memory.peak", "memory", "Memory", "peak", "MiB", False, None): lambda cost: cost.memory / _MIB,
}


def cost_table(analysis: RunAnalysis, profile: Profile) -> Table | None:
    """The table; None when nothing was measured."""
    costs = run_costs(analysis.run, profile)
    if costs is None:
        return None
    qualities, group = analysis.overall
    compared = ranked(group, qualities)
    cells = analysis.run.cells
    return Table(
        title=f"{dataset_title(analysis.run.info)}, cost beside quality",
        columns=(*qualities, *_COSTS),
        groups=(oracles_last(_with_costs(compared, costs)),),
        notes=(
            *mark_notes([compared], qualities, "table"),
            *_notes(analysis.together_text, costs, [row.model.title for row in group.rows]),
        ),
        signatures=tuple(merge_signatures(cells, analysis.titles_of(cells), qualities)),
        name="cost",
        numbers=partial(cost_frame, analysis, costs),
    )


def _with_costs(group: Group, costs: RunCosts) -> Group:
    """The group with the cost of every model, the best of each cost that competes bold."""
    rows = list(group.rows)
    for column, number in _COSTS.items():
        values = [math.nan if cost is None else number(cost) for cost in costs.of]
        marks = _best(column, values, [not row.model.oracle for row in rows])
        for place, (value, mark) in enumerate(zip(values, marks, strict=True)):
            row = rows[place]
            scores = {**row.scores, column.key: _as_score(column, value)}
            rows[place] = replace(row, scores=scores, marks={**row.marks, column.key: mark})
    return replace(group, rows=tuple(rows))


def _best(column: Column, values: Sequence[float], competing: Sequence[bool]) -> list[Mark]:
    """`best` for values that print like the best of those that compete, if these differ."""
    known = [value for value, competes in zip(values, competing, strict=True) if competes and not math.isnan(value)]
    differ = len(set(map(three_digits, known))) > 1
    best = three_digits((max if column.higher_is_better else min)(known)) if differ else None
    return [
        "best" if competes and three_digits(value) == best else ""
        for value, competes in zip(values, competing, strict=True)
    ]


def _as_score(column: Column, value: float) -> Score:
    known = not math.isnan(value)
    return Score(value if known else None, None, int(known), 0, 0, column.unit, bool(column.higher_is_better), "")


def _notes(together: str, costs: RunCosts, models: Sequence[str]) -> Iterator[str]:
    yield (
        f"Quality: mean over the fills of {together}. Cost: {costs.title}; latency is the median on the host's "
        "clock from call to finished result, throughput that of the best batch size measured, multiply-adds are of one "
        "picture as torch counts them. The least cost is bold; costs are not tested."
    )
    invalid = [model for model, cost in zip(models, costs.of, strict=True) if cost and cost.record.invalid]
    if invalid:
        names = ", ".join(invalid)
        yield f"INVALID, the machine was not steady while they were timed; do not believe their times: {names}."
    unknown = [model for model, cost in zip(models, costs.of, strict=True) if cost is None]
    if unknown:
        yield f"Not measured at this configuration: {', '.join(unknown)}."
    if costs.others:
        yield f"The profile is of other weights or code, and is not shown: {', '.join(costs.others)}."
