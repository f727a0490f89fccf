"""Type-checked, never run: the metrics as functions, and a metric of one's own as a plug-in."""

from __future__ import annotations

import torch

import bench.metrics
from bench.metrics import BatchView, MetricDefinition


def scores(reference: torch.Tensor, completed: torch.Tensor, hole: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of uint8 [N, 3, H, W] pictures and a bool [N, 1, H, W] hole: float64 [N] each."""
    return {
        "psnr": bench.metrics.psnr(reference, completed, hole),
        "ssim": bench.metrics.ssim(reference, completed, region=hole),
        "l1": bench.metrics.l1(reference, completed),
        "lpips": bench.metrics.lpips(reference, completed, net="alex"),
    }


def label_scores(reference: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """Of label maps [N, H, W]: float64 [N, 11]."""
    return bench.metrics.boundary_iou(reference, predicted, num_classes=11, width=4, ignore_index=255)


def largest_error(view: BatchView) -> dict[str, torch.Tensor]:
    """The implementation of a metric by image: region and float64 [N]."""
    errors = (view.completed.double() - view.reference.double()).abs()
    return {"full": errors.amax(dim=(1, 2, 3)), "hole": errors.masked_fill(~view.hole, 0).amax(dim=(1, 2, 3))}


def definition() -> MetricDefinition:
    """The entry point of the group `spgbench.metrics`."""
    return MetricDefinition(
        name="largest-error",
        title="Largest error",
        unit="lv",
        higher_is_better=False,
        summary="largest difference of a value",
        definition="Maximum over pixels and channels of the absolute difference.",
        value_range="0 to 255",
        reference="NumPy",
        reference_tolerance=0.0,
        blind_to="Everything but the worst pixel.",
        implementation="tests.typing.metrics:largest_error",
        regions=("full", "hole"),
        margins=(("hole", "5lv"),),
    )
