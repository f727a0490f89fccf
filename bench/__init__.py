"""spgbench: which model fills holes better, by how much, how surely, and at what cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.evaluation.run import evaluate

__all__ = ["evaluate"]


def __getattr__(name: str) -> Any:  # torch is imported on first use
    if name == "evaluate":
        from bench.evaluation.run import evaluate

        return evaluate
    raise AttributeError(name)
