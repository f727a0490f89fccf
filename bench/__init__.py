"""spgbench: which model fills holes better, by how much, how surely, and at what cost?"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench import (
        data,
        errors,
        evaluation,
        gating,
        masks,
        metrics,
        models,
        profiling,
        records,
        reporting,
        segmentation,
        statistics,
        training,
        vocabulary,
        weights,
    )
    from bench.evaluation.run import evaluate

    __version__: str

__all__ = [
    "__version__",
    "data",
    "errors",
    "evaluate",
    "evaluation",
    "gating",
    "masks",
    "metrics",
    "models",
    "profiling",
    "records",
    "reporting",
    "segmentation",
    "statistics",
    "training",
    "vocabulary",
    "weights",
]


def __getattr__(name: str) -> Any:  # packages are imported on first use: some need torch
    if name == "evaluate":
        return import_module("bench.evaluation.run").evaluate
    if name == "__version__":
        from importlib.metadata import version

        return version("spgbench")
    if name in __all__:
        return import_module(f"bench.{name}")
    raise AttributeError(f"module 'bench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
