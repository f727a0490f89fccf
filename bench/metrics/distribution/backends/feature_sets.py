"""Checks of stored features, one row a picture: what every distance between two sets of pictures is handed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.errors import DataError

__all__ = ["FeatureArray", "Floats", "check_feature_sets", "constant_features", "infinite_features"]

FeatureArray: TypeAlias = npt.NDArray[np.floating[Any]]
"""Float [N, D]."""

if TYPE_CHECKING:
    import torch

    Features: TypeAlias = torch.Tensor | FeatureArray
    """Float [N, D]: a tensor on any device, or an array."""

Floats: TypeAlias = npt.NDArray[np.float64]


def check_feature_sets(
    first: Features, second: Features, names: tuple[str, str] = ("features_a", "features_b"), least: int = 2
) -> tuple[Floats, Floats]:
    """Both sets as float64 arrays [N, D]; tensors come to the CPU.

    Raises:
        DataError: a set is not a float matrix of finite numbers with at least `least` rows, or has the same numbers in
            all rows; or the sets have different numbers of features, or are on different devices.
    """
    a, b = _checked(names[0], first, least), _checked(names[1], second, least)
    if a.shape[1] != b.shape[1]:
        must = f"have the {a.shape[1]} features of {names[0]}"
        raise DataError(names[1], must, str(b.shape[1]), "Take both from one layer of one network.")
    devices = str(first.device), str(second.device)
    if devices[0] != devices[1]:
        raise DataError(names[1], f"be on the device {devices[0]} of {names[0]}", devices[1], "Move it there.")
    return a, b


def _checked(name: str, features: Features, least: int) -> Floats:
    matrix = _as_float64(name, features)
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise DataError(name, "be a matrix [N, D]", str(list(matrix.shape)), "One row a picture, one column a feature.")
    if len(matrix) < least:
        raise DataError(name, f"have at least {least} rows, one a picture", str(len(matrix)), "Score more pictures.")
    if not np.isfinite(matrix).all():
        raise infinite_features(name, matrix)
    if (matrix[-1] == matrix[0]).all() and (matrix == matrix[0]).all():
        raise constant_features(name, *matrix.shape)
    return matrix


def infinite_features(name: str, matrix: Floats) -> DataError:
    """The error that a matrix [N, D] holds something else than finite numbers."""
    found = f"{int((~np.isfinite(matrix)).sum())} infinite or undefined numbers"
    return DataError(name, "be finite", found, "Look at the network and at its input.")


def constant_features(name: str, rows: int, columns: int) -> DataError:
    """The error that all rows of a matrix are the same."""
    found = f"constant features, the same {columns} numbers in all {rows} rows"
    return DataError(name, "differ between pictures", found, "Look at the network and at its input.")


def _as_float64(name: str, features: Any) -> Floats:
    if isinstance(features, np.ndarray) and np.issubdtype(features.dtype, np.floating):
        return np.ascontiguousarray(features, np.float64)
    torch = sys.modules.get("torch")  # who hands over a tensor has imported it
    is_tensor = torch is not None and isinstance(features, torch.Tensor)
    if is_tensor and features.is_floating_point():
        array: Floats = features.detach().double().cpu().contiguous().numpy()
        return array
    found = f"{type(features).__module__}.{type(features).__qualname__}".removeprefix("builtins.")
    if is_tensor or isinstance(features, np.ndarray):
        found += f" of {str(features.dtype).removeprefix('torch.')}"
    fix = "Give a network's float features, not pictures, labels or file names."
    raise DataError(name, "be a float tensor or array [N, D]", found, fix)
