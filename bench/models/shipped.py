"""Which of the weights that come with a package a row takes when it is given none, and what is recorded of weights."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from bench.records import WeightsInfo
from bench.records.training import trained_on

__all__ = ["weights_for", "weights_info"]


def weights_for(dataset: str, suffix: str, shipped: Collection[str]) -> str:
    """Name of the weights of a data set, `DATASET-SUFFIX`, or of those of `streets` where it has none of its own.

    Args:
        dataset: name of the data set that is to be filled.
        suffix: what the names of one model's weights end with.
        shipped: names of all weights of the package.
    """
    own = f"{dataset}-{suffix}"
    return own if own in shipped else f"streets-{suffix}"


def weights_info(file: Path, sha256: str) -> WeightsInfo:
    """What `run.json` says of a weight file: its name, its hash, and the data sets that its card names."""
    return WeightsInfo(file.stem, sha256, trained_on(file))
