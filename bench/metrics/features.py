"""Checks of stored features, one row a picture: what every distance between two sets of pictures is handed."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.errors import DataError

__all__ = ["Features", "check_feature_sets"]

Features: TypeAlias = torch.Tensor | npt.NDArray[np.floating[Any]]
"""Float [N, D]: a tensor on any device, or an array."""


def check_feature_sets(
    first: Features, second: Features, names: tuple[str, str] = ("features_a", "features_b"), least: int = 2
) -> tuple[torch.Tensor, torch.Tensor]:
    """Both sets as float64 tensors [N, D]; arrays come to the CPU.

    Raises:
        DataError: a set is not a float matrix of finite numbers with at least `least` rows, or has the same numbers in
            all rows; or the sets have different numbers of features, or are on different devices.
    """
    a, b = _checked(names[0], first, least), _checked(names[1], second, least)
    if a.shape[1] != b.shape[1]:
        must = f"have the {a.shape[1]} features of {names[0]}"
        raise DataError(names[1], must, str(b.shape[1]), "Take both from one layer of one network.")
    if a.device != b.device:
        raise DataError(names[1], f"be on the device {a.device} of {names[0]}", str(b.device), "Move it there.")
    return a, b


def _checked(name: str, features: Features, least: int) -> torch.Tensor:
    matrix = _as_float64(name, features)
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise DataError(name, "be a matrix [N, D]", str(list(matrix.shape)), "One row a picture, one column a feature.")
    if len(matrix) < least:
        raise DataError(name, f"have at least {least} rows, one a picture", str(len(matrix)), "Score more pictures.")
    if not matrix.isfinite().all():
        found = f"{int((~matrix.isfinite()).sum())} infinite or undefined numbers"
        raise DataError(name, "be finite", found, "Look at the network and at its input.")
    if (matrix == matrix[0]).all():
        found = f"constant features, the same {matrix.shape[1]} numbers in all {len(matrix)} rows"
        raise DataError(name, "differ between pictures", found, "Look at the network and at its input.")
    return matrix


def _as_float64(name: str, features: Features) -> torch.Tensor:
    if isinstance(features, np.ndarray) and np.issubdtype(features.dtype, np.floating):
        return torch.from_numpy(np.array(features, np.float64, order="C"))
    if isinstance(features, torch.Tensor) and features.is_floating_point():
        return features.detach().double()
    found = f"{type(features).__module__}.{type(features).__qualname__}".removeprefix("builtins.")
    if isinstance(features, np.ndarray | torch.Tensor):
        found += f" of {str(features.dtype).removeprefix('torch.')}"
    fix = "Give a network's float features, not pictures, labels or file names."
    raise DataError(name, "be a float tensor or array [N, D]", found, fix)
