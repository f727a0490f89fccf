"""Per-image metrics, their declarations, and one pass that takes them all in four regions.

Importing this package imports no torch: listing metrics is free, and the functions load what they need at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bench.metrics.declarations import METRICS, MetricDeclaration, boundary_width, declaration, signature, signatures

if TYPE_CHECKING:
    from bench.metrics.comparison import Comparison, measure
    from bench.metrics.pixel_error import l1, psnr
    from bench.metrics.regions import boundary_band
    from bench.metrics.similarity import ssim

__all__ = [
    "METRICS",
    "Comparison",
    "MetricDeclaration",
    "boundary_band",
    "boundary_width",
    "declaration",
    "l1",
    "measure",
    "psnr",
    "signature",
    "signatures",
    "ssim",
]

# No module of this package may bear one of these names: importing it would hide the function behind the module.
_LAZY = {
    "Comparison": "bench.metrics.comparison",
    "boundary_band": "bench.metrics.regions",
    "l1": "bench.metrics.pixel_error",
    "measure": "bench.metrics.comparison",
    "psnr": "bench.metrics.pixel_error",
    "ssim": "bench.metrics.similarity",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
