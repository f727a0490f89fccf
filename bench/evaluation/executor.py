"""The order of units, and running them in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby, islice
from operator import itemgetter

from bench.evaluation.masked_samples import prefetch_masked_samples
from bench.evaluation.plan import SHARD_SIZE, Plan, stays_on_cpu
from bench.evaluation.shard import Unit, UnitResult, run_units
from bench.runtime.exact import exact_arithmetic

__all__ = ["in_order", "run_here"]


def run_here(
    plan: Plan,
    units: Sequence[Unit],
    on_unit: Callable[[Unit, UnitResult], None],
    on_samples: Callable[[int], None],
    *,
    overlapped: bool = False,
) -> None:
    """Run the units one after another, ordered as by `in_order`.

    Args:
        on_unit: called with each unit and its result.
        on_samples: called with the number of samples done since its last call; first with 0.
        overlapped: whether a batch is scored and written while the model fills the next ones; on a GPU always.
    """
    on_samples(0)
    items = [(plan.cells[unit.cell].protocol, index) for unit in units for index in unit.indices]
    with exact_arithmetic(plan.device), prefetch_masked_samples(plan, items) as masked_samples:
        given = ((unit, islice(masked_samples, len(unit.indices))) for unit in units)
        run_units(plan, given, on_unit, on_samples, overlapped=overlapped or plan.device != "cpu")


def in_order(plan: Plan, units: Sequence[Unit]) -> list[Unit]:
    """The units as they run; on a GPU those of models that stay on the CPU are spread evenly among the others.

    Within a shard alone: its pictures stay in memory while it runs. No record depends on the order.
    """
    if plan.device == "cpu":
        return list(units)
    ordered: list[Unit] = []
    for _, shard in groupby(units, key=lambda unit: unit.indices[0] // SHARD_SIZE):
        kinds: tuple[list[Unit], list[Unit]] = ([], [])
        for unit in shard:
            kinds[stays_on_cpu(plan.cells[unit.cell].model)].append(unit)
        places = [((place + 0.5) / len(kind), unit) for kind in kinds for place, unit in enumerate(kind)]
        ordered += [unit for _, unit in sorted(places, key=itemgetter(0))]
    return ordered
