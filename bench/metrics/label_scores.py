"""Scores of predicted label maps against true ones, class by class, on plain tensors.

Common to all: a value is NaN (undefined) where nothing of the class is counted in either map, counts and distances are
exact, and an image's values are the same to the last bit for any batch, order and number of threads. Tensors on
another device are copied to the CPU for the work. Boundaries and surfaces are found in the whole map and then counted
inside the region, so that the region's edge is no boundary and what lies across it can be near.

References, each computed plainly in the tests: boundary-iou-api `mask_to_boundary` (Cheng et al., CVPR 2021), DAVIS
`f_measure` (davis2017-evaluation), MONAI `compute_hausdorff_distance` and `compute_average_surface_distance`; counts
are held to equality and distances to 1e-6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.label_comparison import LabelComparison

if TYPE_CHECKING:
    import torch

__all__ = ["assd", "boundary_f", "boundary_iou", "hd95", "iou", "trimap_iou"]


def iou(
    reference: torch.Tensor,
    predicted: torch.Tensor,
    num_classes: int,
    region: torch.Tensor | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Intersection over union of each class: pixels of the class in both maps over pixels of it in either.

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        region: bool [N, 1, H, W] or [N, H, W], the pixels that count; all of them by default.
        ignore_index: label of reference pixels that do not count. A prediction of it elsewhere is no class, an error.

    Returns:
        float64 [N, num_classes], 0 to 1, NaN where the class is in neither map.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    return LabelComparison(reference, predicted, num_classes, region, ignore_index).iou()


def boundary_iou(
    reference: torch.Tensor,
    predicted: torch.Tensor,
    num_classes: int,
    width: int,
    region: torch.Tensor | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Intersection over union of the inner bands of each class (Cheng et al., CVPR 2021).

    The band of a mask M is M minus M eroded `width` times by a 3x3 square. Outside the image the mask is empty: the
    image border is a boundary. Under ignored pixels it goes on. This is the plain Boundary IoU, not its minimum with
    the mask IoU, which the reference's average precision uses. A band wider than an object is the object: keep `width`
    small against the objects (0.5 % of the diagonal, as the reference has for Cityscapes).

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        width: pixels, at least 1; for a share of the diagonal `boundary_width(height, width, share)`.
        region: bool [N, 1, H, W] or [N, H, W], the pixels of the bands that count; all of them by default.
        ignore_index: label of reference pixels that do not count and bound no class.

    Returns:
        float64 [N, num_classes], 0 to 1, NaN where neither map has a band of the class in the region.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    return LabelComparison(reference, predicted, num_classes, region, ignore_index).boundary_iou(width)


def boundary_f(
    reference: torch.Tensor,
    predicted: torch.Tensor,
    num_classes: int,
    width: int,
    region: torch.Tensor | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """F measure of the boundaries of each class, found again within a tolerance (Perazzi et al., CVPR 2016: DAVIS F).

    A boundary pixel is one whose neighbour in the east, south or south-east is on the other side of the class's border;
    the image border is none. Precision is the share of predicted boundary pixels with a true one at a Euclidean
    distance of at most `width`, recall the converse, F their harmonic mean. Where one map has no boundary pixel in the
    region, its share is 1, and F is 0 if that map has none outside either. Unlike in DAVIS, a class without boundaries
    in both is undefined and not perfect, and borders of ignored pixels are no boundaries.

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        width: tolerance in pixels, at least 1; DAVIS has `boundary_width(height, width, 0.008, math.ceil)`.
        region: bool [N, 1, H, W] or [N, H, W], the boundary pixels that count; all of them by default.
        ignore_index: label of reference pixels that do not count and bound no class.

    Returns:
        float64 [N, num_classes], 0 to 1, NaN where neither map has a boundary of the class in the region.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    return LabelComparison(reference, predicted, num_classes, region, ignore_index).boundary_f(width)


def trimap_iou(
    reference: torch.Tensor,
    predicted: torch.Tensor,
    num_classes: int,
    width: int,
    region: torch.Tensor | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Intersection over union of each class near the boundaries between true labels.

    What counts is `boundary_band(reference, width)`: `width` pixels on each side of a straight boundary between any two
    classes of the reference. The mean over classes, at several widths, is the trimap plot of the literature.

    Args:
        reference: integer [N, H, W], classes 0 to num_classes - 1, or `ignore_index`.
        predicted: integer [N, H, W], the same.
        num_classes: 1 to 32,000.
        width: pixels on each side, at least 1.
        region: bool [N, 1, H, W] or [N, H, W], the pixels that count; all of them by default.
        ignore_index: label of reference pixels that do not count and bound no class.

    Returns:
        float64 [N, num_classes], 0 to 1, NaN where the class is in neither map within the band.

    Raises:
        DataError: an argument is not what it must be, or a label is no class.
    """
    return LabelComparison(reference, predicted, num_classes, region, ignore_index).trimap_iou(width)


def hd95(
    reference: torch.Tensor,
    predicted: torch.Tensor,
    num_classes: int,
    region: torch.Tensor | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """95 % Hausdorff distance of each class, in pixels: the greater of the two directed 95th percentiles.

    The surface of a mask is the mask minus its erosion by a cross (4-neighbours); the image border bounds it, ignored
    pixels do not. Each surface pixel in the region counts once, with its Euclidean distance to the other map's surface,
    wherever that is; percentiles are interpolated linearly. So do MONAI and SciPy's tools; DeepMind's surface-distance
    weights surface elements by their length, and MedPy takes one percentile over both directions: other numbers.

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
    return LabelComparison(reference, predicted, num_classes, region, ignore_index).hd95()


def assd(
    reference: torch.Tensor,
    predicted: torch.Tensor,
    num_classes: int,
    region: torch.Tensor | None = None,
    ignore_index: int | None = None,
) -> torch.Tensor:
    """Average symmetric surface distance of each class, in pixels: the mean of the two directed mean distances.

    Surfaces and distances are those of `hd95`. Both directions weigh the same, as the directed averages of
    surface-distance do in their mean, and MONAI's; tools that average over all surface pixels of both maps at once give
    another number where one contour is longer.

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
    return LabelComparison(reference, predicted, num_classes, region, ignore_index).assd()
