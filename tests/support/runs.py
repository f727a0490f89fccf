"""What `run.json` of a synthetic run holds, where a test does not say otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.records import DatasetInfo, ModelInfo, Run, RunInfo

__all__ = ["NO_LABELS", "dataset_info", "run_info", "with_models"]

NO_LABELS = {"context": "none", "hole": "none"}


def dataset_info(**changes: Any) -> DatasetInfo:
    """The test split of `streets`."""
    usual: dict[str, Any] = {"split": "test", "size": "256", "limit": None, "n": 12, "classes": ()}
    return DatasetInfo(**{"name": "streets", "revision": "e" * 64, **usual, **changes})


def run_info(models: Mapping[str, str] | Sequence[ModelInfo], protocols: Sequence[str], **changes: Any) -> RunInfo:
    """A run of these models, as such or as name to fingerprint."""
    if isinstance(models, Mapping):
        models = [ModelInfo(name, fingerprint, NO_LABELS) for name, fingerprint in models.items()]
    usual: dict[str, Any] = {"suite": "synthetic", "dataset": dataset_info(), "metrics": {}, "seed": 0}
    return RunInfo(**{**usual, "protocols": tuple(protocols), "models": tuple(models), **changes})


def with_models(run: Run, models: Sequence[ModelInfo]) -> Run:
    """The run, read again with other models."""
    return replace(run, info=replace(run.info, models=tuple(models)))
