"""95 % Hausdorff distance between the surfaces of the classes.

Reference: MONAI `compute_hausdorff_distance`, computed plainly in the tests; held to 1e-6 px.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.segmentation.families import label_definitions, surface_score

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "SCORES", "hd95"]

SCORES = (
    surface_score(
        name="hd95",
        title="HD95",
        order=8,
        summary="95 % Hausdorff distance of the classes' surfaces",
        formula="the greater of the two directed 95th percentiles of the distances",
        peer="`compute_hausdorff_distance`",
        blind_to="All but the farthest parts of a contour. One lacking class outweighs the others.",
    ),
)

DEFINITIONS = label_definitions(*SCORES)


def hd95(
    reference: ArrayInput,
    predicted: ArrayInput,
    num_classes: int,
    region: ArrayInput | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """95 % Hausdorff distance of each class, in pixels: the greater of the two directed 95th percentiles.

    The surface of a mask is the mask minus its erosion by a cross (4-neighbours); the image border bounds it, ignored
    pixels do not. Each surface pixel in the region counts once, with its Euclidean distance to the other map's surface,
    wherever that is; percentiles are interpolated linearly. So do MONAI and SciPy's tools; DeepMind's surface-distance
    weights surface elements by their length, and MedPy takes one percentile over both directions: other numbers.

    Maps may also be arrays or pictures of Pillow; single ones give [num_classes] (`bench.metrics.conversion`).

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        region: bool [N, 1, H, W] or [N, H, W], the surface pixels that count; all of them by default.
        ignore_index: label of reference pixels that do not count and bound no class.

    Returns:
        float64 [N, num_classes]: `inf` where one map has a surface of the class in the region and the other has the
        class nowhere, NaN where neither has a surface of it in the region. Where one has it only outside, the direction
        from the other decides alone.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    from bench.metrics.segmentation.backends.comparison import score_labels

    return score_labels(lambda maps: maps.hd95(), reference, predicted, num_classes, region, ignore_index)
