"""Metrics: their definitions, the functions as a library, and one pass that takes them all in four regions.

A metric is one file in the package of its family (`pixel`, `structural`, `seam`, `perceptual`, `distribution`,
`segmentation`): its `DEFINITIONS`, which hold every fact about it, and its public function. Such a file imports nothing
heavy at module level, so that listings, tables and verdicts read definitions without torch. What computes lies in the
package `backends` beside it, imported when the function is called or the definition is loaded.

    definition.py   MetricDefinition, MetricKey          catalogue.py   the registry, which finds the files by itself
    view.py         a batch as metrics see it            resampling.py  how far a metric of sets would move
    cache/          what depends on the truth alone      page.py        the page of all metrics

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
    from bench.metrics.boundary import boundary_band
    from bench.metrics.distribution.density_coverage import coverage, density
    from bench.metrics.distribution.fid import fid
    from bench.metrics.distribution.ids import ids
    from bench.metrics.distribution.kid import kid
    from bench.metrics.distribution.precision_recall import precision, recall
    from bench.metrics.distribution.sliced_wasserstein import sliced_wasserstein
    from bench.metrics.perceptual.best_of import best_of
    from bench.metrics.perceptual.clip_score import clip_score
    from bench.metrics.perceptual.dists import dists
    from bench.metrics.perceptual.diversity import lpips_diversity
    from bench.metrics.perceptual.lpips import lpips
    from bench.metrics.pixel.gradient import gradient
    from bench.metrics.pixel.l1 import l1
    from bench.metrics.pixel.l1_relative import l1_relative
    from bench.metrics.pixel.psnr import psnr
    from bench.metrics.seam.colour import seam_colour
    from bench.metrics.seam.gradient import seam_gradient
    from bench.metrics.segmentation.assd import assd
    from bench.metrics.segmentation.backends.comparison import LabelComparison
    from bench.metrics.segmentation.boundary_f import boundary_f
    from bench.metrics.segmentation.boundary_iou import boundary_iou
    from bench.metrics.segmentation.hd95 import hd95
    from bench.metrics.segmentation.iou import iou
    from bench.metrics.segmentation.trimap_iou import trimap_iou
    from bench.metrics.structural.lattice import lattice
    from bench.metrics.structural.ms_ssim import ms_ssim
    from bench.metrics.structural.ssim import ssim
    from bench.metrics.structural.vif import vif
    from bench.metrics.view import BatchView, PictureView

__all__ = [
    "METRICS",
    "BatchView",
    "FewPictures",
    "LabelComparison",
    "MetricDefinition",
    "MetricKey",
    "PictureView",
    "assd",
    "best_of",
    "boundary_band",
    "boundary_f",
    "boundary_iou",
    "boundary_width",
    "ceiling_of",
    "class_keys",
    "clip_score",
    "column_order",
    "coverage",
    "definition",
    "density",
    "dists",
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
    "lattice",
    "lpips",
    "lpips_diversity",
    "measure",
    "metric_title",
    "ms_ssim",
    "precision",
    "psnr",
    "recall",
    "seam_colour",
    "seam_gradient",
    "signature",
    "signatures",
    "sliced_wasserstein",
    "ssim",
    "trimap_iou",
    "vif",
    "with_companions",
]

# No module of this package may bear one of these names: importing it would hide the function behind the module.
_LAZY = {
    "BatchView": "bench.metrics.view",
    "LabelComparison": "bench.metrics.segmentation.backends.comparison",
    "PictureView": "bench.metrics.view",
    "assd": "bench.metrics.segmentation.assd",
    "best_of": "bench.metrics.perceptual.best_of",
    "boundary_band": "bench.metrics.boundary",
    "boundary_f": "bench.metrics.segmentation.boundary_f",
    "boundary_iou": "bench.metrics.segmentation.boundary_iou",
    "clip_score": "bench.metrics.perceptual.clip_score",
    "coverage": "bench.metrics.distribution.density_coverage",
    "density": "bench.metrics.distribution.density_coverage",
    "dists": "bench.metrics.perceptual.dists",
    "fid": "bench.metrics.distribution.fid",
    "gradient": "bench.metrics.pixel.gradient",
    "hd95": "bench.metrics.segmentation.hd95",
    "ids": "bench.metrics.distribution.ids",
    "iou": "bench.metrics.segmentation.iou",
    "kid": "bench.metrics.distribution.kid",
    "l1": "bench.metrics.pixel.l1",
    "l1_relative": "bench.metrics.pixel.l1_relative",
    "lattice": "bench.metrics.structural.lattice",
    "lpips": "bench.metrics.perceptual.lpips",
    "lpips_diversity": "bench.metrics.perceptual.diversity",
    "ms_ssim": "bench.metrics.structural.ms_ssim",
    "precision": "bench.metrics.distribution.precision_recall",
    "psnr": "bench.metrics.pixel.psnr",
    "recall": "bench.metrics.distribution.precision_recall",
    "seam_colour": "bench.metrics.seam.colour",
    "seam_gradient": "bench.metrics.seam.gradient",
    "sliced_wasserstein": "bench.metrics.distribution.sliced_wasserstein",
    "ssim": "bench.metrics.structural.ssim",
    "trimap_iou": "bench.metrics.segmentation.trimap_iou",
    "vif": "bench.metrics.structural.vif",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
