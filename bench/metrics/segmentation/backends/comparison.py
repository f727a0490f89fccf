"""Two label maps of each image, scored class by class; what several scores need is computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch

from bench.metrics.boundary import band_of
from bench.metrics.cache.memory import digest
from bench.metrics.cache.truth_parts import compute_once
from bench.metrics.conversion import convert_labels, convert_mask
from bench.metrics.segmentation.backends.arguments import IGNORED, Codes, Mask, check_width, encode, region_mask
from bench.metrics.segmentation.backends.contour_scores import f_score, mean_distance, percentile_95
from bench.metrics.segmentation.backends.contours import Contours, crossings, surfaces, within
from bench.metrics.segmentation.backends.distances import FAR, squared_distances
from bench.metrics.segmentation.backends.overlap import count_overlap, inner_band
from bench.runtime.threads import for_each

if TYPE_CHECKING:
    from bench.metrics.conversion import ArrayInput

__all__ = ["LabelComparison", "score_labels"]

Integers: TypeAlias = npt.NDArray[np.int64]
Part = TypeVar("Part")
Distances: TypeAlias = list[tuple[Integers, Integers]]
"""For each class, squared distances from the reference's contour to the prediction's, and back."""


@dataclass(frozen=True, eq=False)
class LabelComparison:
    """Label maps to compare. The methods return float64 [N, num_classes] on the maps' device; the work is the CPU's.

    The functions of `bench.metrics` with the methods' names say what is computed. Use this class to take several scores
    of the same maps: their codes, contours and distances are then computed once. What is found in a reference alone
    serves other predictions too, from memory and from disk.

    Attributes:
        reference: integer [N, H, W], the true class of each pixel.
        predicted: integer [N, H, W].
        num_classes: classes are 0 to num_classes - 1.
        region: bool [N, 1, H, W] or [N, H, W], the pixels that count; all of them by default.
        ignore_index: pixels with this label in `reference` count nowhere, and their borders are no boundaries. Where
            only `predicted` holds it, it is a wrong answer: no class.

    Raises:
        DataError: an argument is not what it must be.
    """

    reference: torch.Tensor
    predicted: torch.Tensor
    num_classes: int
    region: torch.Tensor | None = None
    ignore_index: int | None = None

    def __post_init__(self) -> None:
        _ = self.codes, self.counted  # checks the arguments

    @cached_property
    def codes(self) -> tuple[Codes, Codes]:
        """Both maps with one meaning, int16 [N, H, W] (see `arguments.encode`)."""
        return encode(self.reference, self.predicted, self.num_classes, self.ignore_index)

    @cached_property
    def fingerprint(self) -> tuple[bytes, ...]:
        """Stands for the content of both maps and of the region: all that the scores depend on."""
        return (*map(digest, self.codes), digest(self.counted), str(self.num_classes).encode())

    @cached_property
    def counted(self) -> Mask:
        """The region, bool [N, H, W]."""
        return region_mask(self.region, self.reference)

    @cached_property
    def overlap(self) -> tuple[Integers, Integers]:
        """Pixels of intersection and union in the region, int64 [N, num_classes] each."""
        return self._overlap(*self.codes, self.counted)

    @cached_property
    def surface_distances(self) -> list[Distances]:
        """For each image, the distances between the surfaces of each class."""
        return self._distances(surfaces, FAR - 1)

    def iou(self) -> torch.Tensor:
        """See `bench.metrics.iou`."""
        return self._ratios(self.overlap)

    def boundary_iou(self, width: int) -> torch.Tensor:
        """See `bench.metrics.boundary_iou`."""
        check_width(width)
        reference, predicted = (self._banded(side, width) for side in (0, 1))
        return self._ratios(self._overlap(reference, predicted, self.counted))

    def trimap_iou(self, width: int) -> torch.Tensor:
        """See `bench.metrics.trimap_iou`."""
        check_width(width)
        counted = self.counted.copy()

        def one(image: int) -> None:
            counted[image] &= self._part(0, image, band_of, np.asarray, width, IGNORED)

        for_each(one, range(len(counted)))
        return self._ratios(self._overlap(*self.codes, counted))

    def boundary_f(self, width: int) -> torch.Tensor:
        """See `bench.metrics.boundary_f`."""
        check_width(width)
        return self._scores(self._distances(crossings, width * width), f_score)

    def hd95(self) -> torch.Tensor:
        """See `bench.metrics.hd95`."""
        return self._scores(self.surface_distances, percentile_95)

    def assd(self) -> torch.Tensor:
        """See `bench.metrics.assd`."""
        return self._scores(self.surface_distances, mean_distance)

    @cached_property
    def _digests(self) -> dict[int, bytes]:
        """Of the reference maps, by their place."""
        return {}

    def _digest(self, image: int) -> bytes:
        """Of a reference map: taken by the thread that needs it first."""
        if image not in self._digests:
            self._digests[image] = digest(self.codes[0][image])
        return self._digests[image]

    def _part(
        self, side: int, image: int, find: Callable[..., Part], restore: Callable[..., Part], *options: int
    ) -> Part:
        """`find(codes, *options)` of one map; what is found in a reference (side 0) is cached."""
        codes = self.codes[side][image]
        if side:
            return find(codes, *options)
        return compute_once(find, restore, codes, self._digest(image), *options)

    def _banded(self, side: int, width: int) -> Codes:
        """Codes [N, H, W] that keep their class in its inner band alone."""
        codes = self.codes[side]
        banded = np.empty_like(codes)

        def one(image: int) -> None:
            in_band = (codes[image] == IGNORED) | self._part(side, image, inner_band, np.asarray, width)
            banded[image] = np.where(in_band, codes[image], self.num_classes)

        for_each(one, range(len(codes)))
        return banded

    def _overlap(self, reference: Codes, predicted: Codes, counted: Mask) -> tuple[Integers, Integers]:
        """Pixels of intersection and union of codes [N, H, W] where they are counted, int64 [N, num_classes] each."""
        both = np.zeros((2, len(reference), self.num_classes + 1), np.int64)

        def one(image: int) -> None:
            count_overlap(reference[image], predicted[image], counted[image], both[0, image], both[1, image])

        for_each(one, range(len(reference)))
        return both[0, :, :-1], both[1, :, :-1]

    def _distances(self, contours: Callable[[Codes, int], Contours], farthest: int) -> list[Distances]:
        found: dict[int, Distances] = {}

        def one(image: int) -> None:
            region = self.counted[image]
            truth, answer = (self._part(side, image, contours, Contours, self.num_classes) for side in (0, 1))
            forth = squared_distances(within(truth, region), answer, region.shape, farthest)
            back = squared_distances(within(answer, region), truth, region.shape, farthest)
            found[image] = list(zip(forth, back, strict=True))

        for_each(one, range(len(self.counted)))
        return [found[image] for image in range(len(self.counted))]

    def _ratios(self, overlap: tuple[Integers, Integers]) -> torch.Tensor:
        intersection, union = overlap
        with np.errstate(invalid="ignore"):  # 0 / 0 = NaN: undefined
            return self._on_device(intersection / union)

    def _scores(self, distances: list[Distances], score: Callable[[Integers, Integers], float]) -> torch.Tensor:
        values = [[score(*pair) for pair in classes] for classes in distances]
        return self._on_device(np.array(values, np.float64).reshape(len(distances), self.num_classes))

    def _on_device(self, values: npt.NDArray[np.float64]) -> torch.Tensor:
        return torch.from_numpy(values).to(self.reference.device)


def score_labels(
    score: Callable[[LabelComparison], torch.Tensor],
    reference: ArrayInput,
    predicted: ArrayInput,
    num_classes: int,
    region: ArrayInput | None,
    ignore_index: int | None,
) -> torch.Tensor:
    """A score of label maps in any accepted form (see `bench.metrics.conversion`).

    Returns:
        float64 [N, num_classes]; [num_classes] where both arguments are a single map.
    """
    truth, one_truth = convert_labels("reference label map", reference)
    answer, one_answer = convert_labels("predicted label map", predicted)
    plain = region is None or (isinstance(region, torch.Tensor) and not one_truth)
    mask = region if plain else convert_mask("region", region, truth.unsqueeze(1))
    values = score(LabelComparison(truth, answer, num_classes, cast("torch.Tensor | None", mask), ignore_index))
    return values[0] if one_truth and one_answer else values
