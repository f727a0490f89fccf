"""The table of cost beside quality, and its numbers as CSV."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bench.records import Run
from bench.records.profile import Profile
from bench.reporting.cost import Cost, Costs, costs_of, quality_of
from bench.reporting.legend import mark_notes
from bench.reporting.naming import NOTHING, dataset_title, model_names
from bench.reporting.notes import merge_signatures
from bench.reporting.sections import grouped, ranked
from bench.reporting.table import Column, Entry, Group, Table, run_columns

__all__ = ["cost_csv", "cost_table"]

_MIB = 1 << 20

_COLUMNS: dict[Column, Callable[[Cost], float]] = {
    Column("parameters", "M", False, 2): lambda cost: (
        math.nan if cost.record.parameters is None else cost.record.parameters / 1e6
    ),
    Column("multiply-adds", "G", False, 2): lambda cost: cost.multiply_adds / 1e9,
    Column("latency.p50", "ms", False, 2): lambda cost: 1e3 * cost.record.latency(),
    Column("throughput", "pictures/s", True, 2): lambda cost: cost.best.throughput,
    Column("memory.peak", "MiB", False, 0): lambda cost: cost.memory / _MIB,
}


def cost_table(run: Run, profile: Profile) -> Table | None:
    """A row a model: up to three measures over all protocols, then what it costs; None when nothing was measured."""
    costs = costs_of(run, profile)
    if costs is None:
        return None
    shown, section = quality_of(run)
    qualities = tuple(run_columns(run)[measure.key] for measure in shown)
    ranking = ranked(section, qualities)
    group = grouped(section, qualities, ranking)
    entries = _entries(costs, [not line.oracle for line in section.lines])
    order = sorted(range(len(section.lines)), key=lambda index: section.lines[index].oracle)  # as `grouped`
    rows = tuple(
        replace(row, entries=(*row.entries, *entries[index])) for row, index in zip(group.rows, order, strict=True)
    )
    names = model_names(run)
    called = {key: names[key.model, key.fingerprint] for key in run.cells}
    return Table(
        title=f"{dataset_title(run)}, cost beside quality",
        columns=(*qualities, *_COLUMNS),
        groups=(Group(group.protocol, None, rows),),
        notes=(
            *mark_notes({"all protocols": ranking}, qualities, list(names.values()), "table"),
            *_notes(costs, list(names.values())),
        ),
        signatures=tuple(merge_signatures(run.cells, called, [(column.title, column.key) for column in qualities])),
        name="cost",
        tested=bool(ranking.tested),
    )


def cost_csv(run: Run, profile: Profile) -> str:
    """A row a model, in seconds, bytes and single operations."""
    import pandas as pd

    costs, (shown, section) = costs_of(run, profile), quality_of(run)
    rows = []
    for place, ((model, fingerprint), line) in enumerate(zip(model_names(run), section.lines, strict=True)):
        row: dict[str, object] = {"model": model, "fingerprint": fingerprint, "oracle": line.oracle}
        for measure in shown:
            score = line.scores.get(measure.key)
            low, high = (score.ci95 if score else None) or (None, None)
            row |= {measure.key: score.value if score else None, f"{measure.key} lo": low, f"{measure.key} hi": high}
        cost = costs.of[place] if costs else None
        rows.append(row | _plain(cost))
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")


def _plain(cost: Cost | None) -> dict[str, object]:
    if cost is None:
        return {}
    record = cost.record
    return {
        "configuration": str(record.configuration),
        "device": record.device_name,
        "parameters": record.parameters,
        "multiply_adds": cost.multiply_adds,
        "latency_p50_s": record.latency(),
        "latency_p99_s": record.latency(99),
        "pictures_per_s": cost.best.throughput,
        "best_batch": cost.best.configuration.batch_size,
        "peak_memory_bytes": cost.memory,
        "void": record.void,
    }


def _entries(costs: Costs, competing: Sequence[bool]) -> list[list[Entry]]:
    """The cost columns of every model, the best of each that competes bold."""
    entries: list[list[Entry]] = [[] for _ in costs.of]
    for column, number in _COLUMNS.items():
        values = [math.nan if cost is None else number(cost) for cost in costs.of]
        ranked_ones = [value for value, in_ in zip(values, competing, strict=True) if in_ and not math.isnan(value)]
        differ = len(set(map(_text, ranked_ones))) > 1
        best = _text((max if column.higher_is_better else min)(ranked_ones)) if differ else None
        for place, value in enumerate(values):
            text = _text(value)
            entries[place].append(Entry(text, mark="best" if competing[place] and text == best else ""))
    return entries


def _text(value: float) -> str:
    """Three digits that count."""
    if math.isnan(value):
        return NOTHING
    digits = 2 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 6)}f}"


def _notes(costs: Costs, names: Sequence[str]) -> Iterator[str]:
    yield (
        f"Quality: mean over the fills of all protocols. Cost: {costs.title}; latency is the median on the host's "
        "clock from call to finished result, throughput that of the best batch size measured, multiply-adds are of one "
        "picture as torch counts them. The least cost is bold; costs are not tested."
    )
    void = [name for name, cost in zip(names, costs.of, strict=True) if cost and cost.record.void]
    if void:
        yield f"VOID, the machine was not steady while they were timed; do not believe their times: {', '.join(void)}."
    unknown = [name for name, cost in zip(names, costs.of, strict=True) if cost is None]
    if unknown:
        yield f"Not measured at this configuration: {', '.join(unknown)}."
    if costs.others:
        yield f"The profile is of other weights or code, and is not shown: {', '.join(costs.others)}."
