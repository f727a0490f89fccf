"""How the harness compiles functions with Numba, also where Numba finds no folder for its machine code."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

from bench.runtime.own_folder import own_folder

__all__ = ["compiled"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compile at the first call, keep the machine code on disk, release the GIL; strict IEEE, no fastmath.

    The machine code lies in `NUMBA_CACHE_DIR`, beside the source, or in the user's cache folder. Where none of them can
    be written it goes into the temporary folder, or nowhere, with one warning a process.
    """
    try:
        return _jit(function, cache=True)
    except RuntimeError:  # Numba: "cannot cache function ...: no locator available"
        return _jit(function, cache=_use_temporary_folder())


def _jit(function: Callable[Arguments, Result], *, cache: bool) -> Callable[Arguments, Result]:
    decorate = numba.njit(cache=cache, nogil=True, error_model="numpy")
    return cast("Callable[Arguments, Result]", decorate(function))


@functools.cache
def _use_temporary_folder() -> bool:
    """Make Numba keep machine code in a folder of this user under the temporary one; False where that fails, too."""
    try:
        folder = own_folder("numba")
    except OSError:
        text = "Numba finds no folder to keep machine code in, so each command compiles again (seconds)"
        warnings.warn(f"{text}; set NUMBA_CACHE_DIR", RuntimeWarning, stacklevel=3)
        return False
    settings: Any = numba.config  # its names come from the environment at run time
    settings.CACHE_DIR = str(folder)
    text = f"Numba finds no folder to keep machine code in, and takes {folder}"
    warnings.warn(f"{text}; NUMBA_CACHE_DIR names another one", RuntimeWarning, stacklevel=3)
    return True
