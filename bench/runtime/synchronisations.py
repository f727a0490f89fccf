"""Where the host waits for a CUDA device."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["synchronisations"]


@contextmanager
def synchronisations() -> Iterator[list[str]]:
    """Find where the host waits for the device in the block; the list holds a `FILE, line N` for each wait after it.

    torch warns of each wait in a mode that is one of the process, and of that mode itself the first time that it is
    set, after it is set. So the mode of before comes back however the block ends, also where warnings are errors.
    Other warnings of the block are given when it has ended.
    """
    places: list[str] = []
    mode = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            torch.cuda.set_sync_debug_mode("warn")
            yield places
        finally:
            torch.cuda.set_sync_debug_mode(mode)
    for warning in caught:
        if "called a synchronizing" in str(warning.message):
            places.append(f"{warning.filename}, line {warning.lineno}")
        elif "debug mode is a prototype" not in str(warning.message):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
