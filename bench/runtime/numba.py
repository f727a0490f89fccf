"""How the harness compiles functions with Numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

__all__ = ["compiled"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compile at the first call, keep the machine code on disk, release the GIL; strict IEEE, no fastmath."""
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy")
    return cast("Callable[Arguments, Result]", decorate(function))
