"""Average symmetric surface distance of the classes.

Reference: MONAI `compute_average_surface_distance`, computed plainly in the tests; held to 1e-6 px.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.segmentation.families import label_definitions, surface_score

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "SCORES", "assd"]

SCORES = (
    surface_score(
        name="assd",
        title="ASSD",
        order=9,
        summary="average symmetric distance of the classes' surfaces",
        formula="the mean of the two directed mean distances",
        peer="`compute_average_surface_distance`",
        blind_to="Short stretches far off. One lacking class outweighs the others.",
    ),
)

DEFINITIONS = label_definitions(*SCORES)


def assd(
    reference: ArrayInput,
    predicted: ArrayInput,
    num_classes: int,
    region: ArrayInput | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Average symmetric surface distance of each class, in pixels: the mean of the two directed mean distances.

    Surfaces and distances are those of `hd95`. Both directions weigh the same, as the directed averages of
    surface-distance do in their mean, and MONAI's; tools that average over all surface pixels of both maps at once give
    another number where one contour is longer.

    Maps may also be arrays or pictures of Pillow; single ones give [num_classes] (`bench.metrics.conversion`).

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        region: bool [N, 1, H, W] or [N, H, W], the surface pixels that count; all of them by default.
        ignore_index: label of reference pixels that do not count and bound no class.

    Returns:
        float64 [N, num_classes]: `inf` and NaN as for `hd95`.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    from bench.metrics.segmentation.backends.comparison import score_labels

    return score_labels(lambda maps: maps.assd(), reference, predicted, num_classes, region, ignore_index)
