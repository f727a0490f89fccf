"""Metrics: their definitions, the functions as a library, and one pass that takes them all in four regions.

Importing this package imports no torch: listing metrics is free, and the functions load what they need at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bench.metrics.catalogue import (
    METRICS,
    ceiling_of,
    class_keys,
    column_order,
    definition,
    find_definition,
    is_ceiling,
    measure,
    metric_title,
    signature,
    signatures,
    with_companions,
)
from bench.metrics.definition import FewPictures, MetricDefinition, MetricKey
from bench.metrics.width import boundary_width

if TYPE_CHECKING:
    from bench.metrics.comparison import Comparison
    from bench.metrics.distribution.fid import fid
    from bench.metrics.distribution.kid import kid
    from bench.metrics.diversity import best_of, lpips_diversity
    from bench.metrics.gradient_difference import gradient
    from bench.metrics.label_comparison import LabelComparison
    from bench.metrics.label_scores import assd, boundary_f, boundary_iou, hd95, iou, trimap_iou
    from bench.metrics.multiscale import ms_ssim
    from bench.metrics.perceptual.backends.network import lpips
    from bench.metrics.pixel_error import l1, psnr
    from bench.metrics.regions import boundary_band
    from bench.metrics.relative_error import l1_relative
    from bench.metrics.separability import ids
    from bench.metrics.similarity import ssim

__all__ = [
    "METRICS",
    "Comparison",
    "FewPictures",
    "LabelComparison",
    "MetricDefinition",
    "MetricKey",
    "assd",
    "best_of",
    "boundary_band",
    "boundary_f",
    "boundary_iou",
    "boundary_width",
    "ceiling_of",
    "class_keys",
    "column_order",
    "definition",
    "fid",
    "find_definition",
    "gradient",
    "hd95",
    "ids",
    "iou",
    "is_ceiling",
    "kid",
    "l1",
    "l1_relative",
    "lpips",
    "lpips_diversity",
    "measure",
    "metric_title",
    "ms_ssim",
    "psnr",
    "signature",
    "signatures",
    "ssim",
    "trimap_iou",
    "with_companions",
]

# No module of this package may bear one of these names: importing it would hide the function behind the module.
_LAZY = {
    "Comparison": "bench.metrics.comparison",
    "LabelComparison": "bench.metrics.label_comparison",
    "assd": "bench.metrics.label_scores",
    "best_of": "bench.metrics.diversity",
    "boundary_band": "bench.metrics.regions",
    "boundary_f": "bench.metrics.label_scores",
    "boundary_iou": "bench.metrics.label_scores",
    "fid": "bench.metrics.distribution.fid",
    "gradient": "bench.metrics.gradient_difference",
    "hd95": "bench.metrics.label_scores",
    "ids": "bench.metrics.separability",
    "iou": "bench.metrics.label_scores",
    "kid": "bench.metrics.distribution.kid",
    "l1": "bench.metrics.pixel_error",
    "l1_relative": "bench.metrics.relative_error",
    "lpips": "bench.metrics.perceptual.backends.network",
    "lpips_diversity": "bench.metrics.diversity",
    "ms_ssim": "bench.metrics.multiscale",
    "psnr": "bench.metrics.pixel_error",
    "ssim": "bench.metrics.similarity",
    "trimap_iou": "bench.metrics.label_scores",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
