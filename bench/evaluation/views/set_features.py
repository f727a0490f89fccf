"""What metrics of sets are taken of: features of the completed and of the untouched pictures of a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from bench.metrics import BatchView

__all__ = ["take_features"]


def take_features(kinds: Iterable[str], view: BatchView) -> dict[str, npt.NDArray[np.float32]]:
    """Features of a batch, float32 [N, D]: of completed pictures by kind, of untouched ones by `truth-<kind>`."""
    features: dict[str, npt.NDArray[np.float32]] = {}
    for kind in kinds:
        if kind == "squared-error":
            from bench.metrics.evaluators.backends.squared_errors import squared_errors

            values, squared = squared_errors(view)
            features |= {f"truth-{kind}": values.numpy(), kind: squared.numpy()}
            continue
        from bench.metrics.distribution.backends.extraction import completed_features, true_features

        features[kind] = completed_features(kind, view.completed, view.network_device).numpy()
        features[f"truth-{kind}"] = true_features(kind, view.reference, view.network_device).numpy()
    return features
