"""Pictures whose worker died as often as they were tried: what the user is told of them."""

from __future__ import annotations

from collections.abc import Sequence

from bench.errors import Failure
from bench.evaluation.plan import Plan
from bench.evaluation.shard import Unit
from bench.runtime.executors.executor import Lost

__all__ = ["failure_of"]

_SHOWN = 8


def failure_of(plan: Plan, lost: Sequence[Lost[Unit]], batch_timeout: float | None) -> Failure | None:
    """The failure that a run must end with, when units were lost; it names model, protocol, pictures and signal."""
    if not lost:
        return None
    places = [f"{_cell(plan, one)}: {one.reason}" for one in lost[:_SHOWN]]
    more = f"; and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    found = f"workers that died twice at the same pictures: {'; '.join(places)}{more}"
    limit = "" if batch_timeout is None else f"A batch may take {batch_timeout:g} s: --batch-timeout gives it more. "
    fix = (
        f"{limit}Fewer --workers leave more memory to each. All other pictures are recorded; the same command runs "
        "what is missing."
    )
    models = ", ".join(dict.fromkeys(plan.cells[one.item.cell].model.name for one in lost))
    return Failure(f"run of {models}", "come to its end on all pictures", found, fix)


def _cell(plan: Plan, lost: Lost[Unit]) -> str:
    key, names = plan.cells[lost.item.cell].key, [plan.dataset.ids[index] for index in lost.item.indices]
    pictures = f"picture {names[0]}" if len(names) == 1 else f"{len(names)} pictures from {names[0]} to {names[-1]}"
    return f"{key.model} on {key.protocol}, {pictures}"
