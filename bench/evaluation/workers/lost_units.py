"""Work whose worker died as often as it was tried, and models whose loading ends a process: what the user is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bench.errors import Failure
from bench.evaluation.plan import Plan
from bench.evaluation.shard import Unit
from bench.runtime.executors.executor import Lost

__all__ = ["describe_lost", "failure_of", "name_pictures", "name_unit"]

Item = TypeVar("Item")

_SHOWN = 8


def failure_of(
    plan: Plan, lost: Sequence[Lost[Unit]], batch_timeout: float | None, crashed: Mapping[str, str]
) -> Failure | None:
    """The failure that a run must end with, when pictures are missing; it names model, protocol, pictures and signal.

    Args:
        lost: units whose workers died.
        batch_timeout: seconds that a batch may take; None: no end.
        crashed: models whose loading ends a process, and how.
    """
    if not lost and not crashed:
        return None
    found = describe_lost(lost, lambda unit: name_unit(plan, unit), crashed)
    limit = "" if batch_timeout is None else f"A batch may take {batch_timeout:g} s: --batch-timeout gives it more. "
    fix = (
        f"{limit}Fewer --workers leave more memory to each. All other pictures are recorded; the same command runs "
        "what is missing."
    )
    models = ", ".join(dict.fromkeys([*crashed, *(plan.cells[one.item.cell].model.name for one in lost)]))
    return Failure(f"run of {models}", "come to its end on all pictures", found, fix)


def describe_lost(
    lost: Sequence[Lost[Item]], name: Callable[[Item], str], crashed: Mapping[str, str] | None = None
) -> str:
    """What was lost and of what, the end of a sentence.

    Args:
        name: what an item is called.
        crashed: models whose loading ends a process, and how.
    """
    parts = [f"processes that died when they loaded a model: {_listed(crashed)}"] if crashed else []
    tried = [one for one in lost if not one.is_untried]
    if tried:
        shown = "; ".join(f"{name(one.item)}: {one.reason}" for one in tried[:_SHOWN])
        more = f"; and {len(tried) - _SHOWN} more" if len(tried) > _SHOWN else ""
        parts.append(f"workers that died twice at the same pictures: {shown}{more}")
    untried = [one for one in lost if one.is_untried]
    if untried:
        parts.append(f"{untried[0].reason}; so {len(untried)} parts were not tried, the first: {name(untried[0].item)}")
    return "; ".join(parts)


def name_unit(plan: Plan, unit: Unit) -> str:
    """`telea on center-50@1, picture 0001`."""
    key = plan.cells[unit.cell].key
    return f"{key.model} on {key.protocol}, {name_pictures([plan.dataset.ids[index] for index in unit.indices])}"


def name_pictures(names: Sequence[str]) -> str:
    """`picture 0001`, or `8 pictures from 0001 to 0008`."""
    return f"picture {names[0]}" if len(names) == 1 else f"{len(names)} pictures from {names[0]} to {names[-1]}"


def _listed(crashed: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in crashed.items())
