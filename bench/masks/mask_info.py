"""Name, summary and source of a mask protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.removal import Task

__all__ = ["MaskInfo"]


@dataclass(frozen=True)
class MaskInfo:
    """What is said about a protocol.

    Attributes:
        name: full name with its version, e.g. `center-50@1`. Another rule or parameter is another version.
        summary: the rule in a line, for `spgbench ls protocols`.
        source: the paper or code that the rule and its parameters come from.
        task: what the protocol asks of a model, for `spgbench ls protocols`; the same as its own `task`.
    """

    name: str
    summary: str
    source: str
    task: Task = "completion"
