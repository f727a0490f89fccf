"""The cap of a metric: the largest value that a picture counts as in means, intervals and tests.

The PSNR of equal pictures is infinite. A mean that leaves such pictures out is lower for a model with perfect fills. So
an infinite value, and a finite one above the cap, count as the cap. Records keep every value as it was measured; the
signature of a mean says its cap: `agg:image-mean|cap:100`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["cap_of", "capped", "current_signature", "signature_without_cap"]

_FIELD = re.compile(r"\|cap:([^|]*)")
_MEAN = "|agg:image-mean|"
_EARLIER: Mapping[str, float] = {"psnr": 100.0, "best-of-4-psnr": 100.0}
"""Caps of metrics whose earlier records have signatures without one."""


def capped(values: npt.NDArray[np.float64], signature: str) -> npt.NDArray[np.float64]:
    """The values, float64 of any shape, as a mean with this signature counts them; NaN stays NaN."""
    cap = cap_of(signature)
    return values if cap is None else np.minimum(values, cap)


def cap_of(signature: str) -> float | None:
    """The cap that a signature states, in the metric's unit; None without one."""
    found = _FIELD.search(signature)
    return float(found[1]) if found else None


def current_signature(signature: str) -> str:
    """The signature with the cap that the metric has now, where an earlier version wrote it without one."""
    cap = _EARLIER.get(signature.partition("|")[0])
    if cap is None or cap_of(signature) is not None or "|as:" in signature:  # rules of others have caps of their own
        return signature
    return signature.replace(_MEAN, f"{_MEAN}cap:{cap:g}|", 1)


def signature_without_cap(signature: str) -> str:
    """What a picture's own value depends on, which no cap changes."""
    return _FIELD.sub("", signature)
