"""Which of the weights that come with a package a row takes when it is given none."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["weights_for"]


def weights_for(dataset: str, suffix: str, shipped: Collection[str]) -> str:
    """Name of the weights of a data set, `DATASET-SUFFIX`, or of those of `streets` where it has none of its own.

    Args:
        dataset: name of the data set that is to be filled.
        suffix: what the names of one model's weights end with.
        shipped: names of all weights of the package.
    """
    own = f"{dataset}-{suffix}"
    return own if own in shipped else f"streets-{suffix}"
