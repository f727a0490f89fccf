"""Numba's compiler as a typed decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

__all__ = ["compiled"]

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile to machine code on the first call and keep it on disk; runs without the interpreter's lock.

    Floating-point rules stay strict and nothing runs in parallel, so the result is a function of the arguments alone.
    Where Numba may write nowhere, each process compiles again.
    """
    try:
        decorated = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # "cannot cache function ...: no locator available"
        decorated = numba.njit(nogil=True)(function)
    return cast("Callable[P, R]", decorated)
