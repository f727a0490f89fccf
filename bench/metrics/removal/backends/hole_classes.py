"""What a judge's label maps show in the hole of a removal, and near it. NumPy and OpenCV, on the CPU.

Counts are exact: an image's values are the same for any batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch

from bench.vocabulary import VOID

if TYPE_CHECKING:
    from bench.metrics.view import BatchView
    from bench.metrics.width import BoundaryWidth

__all__ = ["HoleClasses", "Maps", "class_invented", "class_left", "object_left"]

Maps: TypeAlias = Literal["judged", "without"]
"""Whose label maps are looked at: of the completed pictures, or of pictures that never had the object."""

Labels: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HoleClasses:
    """One picture as a judge sees it.

    Attributes:
        labels: uint8 [H, W], VOID where the judge gives no class.
        around: the same of the picture that the hole was cut from; None where it is not known.
        hole: bool [H, W].
        removed: class of the removed object, VOID where it is not known.
        shows_object: whether the picture of `around` still shows the object.
    """

    labels: Labels
    around: Labels | None
    hole: Mask
    removed: int
    shows_object: bool

    def left(self) -> float:
        """Pixels of the hole that have the removed class, in %; NaN where that is not known."""
        return math.nan if self.removed == VOID else self.share([self.removed])

    def share(self, classes: npt.ArrayLike) -> float:
        """Pixels of the hole that have one of the classes, in % of those that have any; NaN without any."""
        counts = np.bincount(self.labels[self.hole], minlength=VOID + 1)[:VOID]
        every = int(counts.sum())
        return 100 * int(counts[np.asarray(classes, np.intp)].sum()) / every if every else math.nan

    def invented(self, objects: tuple[int, ...], width: int) -> list[int] | None:
        """The classes of `objects` that are not within `width` pixels of the hole; None without surroundings."""
        if self.around is None or not objects:
            return None
        ring = self._surroundings(width)
        near = set(np.unique(self.around[ring]).tolist()) - {VOID}
        own = {self.removed} if self.shows_object and not self._another_near(self.around, ring) else set()
        return [index for index in objects if index not in near - own] if near else None

    def pieces(self, smallest: float) -> float:
        """Connected components of the removed class in the hole, of at least a share of it; NaN like `left`."""
        if math.isnan(self.left()):
            return math.nan
        left = (self.hole & (self.labels == self.removed)).astype(np.uint8)
        _, _, facts, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
        areas = facts[1:, cv2.CC_STAT_AREA]  # the first is what is not left
        return float((areas >= smallest * self.hole.sum()).sum())

    def _another_near(self, around: Labels, ring: Mask) -> bool:
        """Whether the removed class is near in another thing than one that reaches into the hole."""
        of_class = around == self.removed
        _, numbers = cv2.connectedComponents(of_class.astype(np.uint8), connectivity=8)
        reaching = np.unique(numbers[of_class & self.hole])
        return bool((of_class & ring & ~np.isin(numbers, reaching)).any())

    def _surroundings(self, width: int) -> Mask:
        """Known pixels within `width` pixels of the hole."""
        if not self.hole.any():
            return np.zeros_like(self.hole)
        known = (~self.hole).astype(np.uint8)
        distance = cv2.distanceTransform(known, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return (distance <= width) & ~self.hole


def class_left(view: BatchView, *, maps: Maps) -> dict[str, torch.Tensor]:
    """Share of the hole that has the class of the removed object, float64 [N] in %."""
    return _each(view, maps, HoleClasses.left)


def class_invented(view: BatchView, *, maps: Maps, width: BoundaryWidth) -> dict[str, torch.Tensor]:
    """Share of the hole with countable classes that the surroundings do not have, float64 [N] in %."""
    pixels = width.pixels(*view.hole.shape[2:])

    def share(seen: HoleClasses) -> float:
        classes = seen.invented(view.objects, pixels)
        return math.nan if classes is None else seen.share(classes)

    return _each(view, maps, share)


def object_left(view: BatchView, *, maps: Maps, smallest: float) -> dict[str, torch.Tensor]:
    """Number of pieces of the removed class in the hole, float64 [N]."""
    return _each(view, maps, lambda seen: seen.pieces(smallest))


def _each(view: BatchView, maps: Maps, measure: Callable[[HoleClasses], float]) -> dict[str, torch.Tensor]:
    pictures = view.once(("removal", maps), lambda: _pictures(view, maps))
    values = [math.nan if seen is None else measure(seen) for seen in pictures]
    return {"hole": torch.tensor(values, dtype=torch.float64, device=view.reference.device)}


def _pictures(view: BatchView, maps: Maps) -> Sequence[HoleClasses | None]:
    """Each picture of the batch; None where a judge has not seen it, or nothing is removed."""
    seen, around = (view.judged, view.judged_truth) if maps == "judged" else (view.judged_without,) * 2
    if seen is None or view.removed is None:
        return [None] * len(view.reference)
    labels, holes = seen.cpu().numpy(), view.hole[:, 0].cpu().numpy()
    shows = [maps == "judged" and _shows_object(view, row) for row in range(len(labels))]
    near = None if around is None else around.cpu().numpy()
    return [
        HoleClasses(labels[row], None if near is None else near[row], holes[row], removed, shows[row])
        for row, removed in enumerate(view.removed.tolist())
    ]


def _shows_object(view: BatchView, row: int) -> bool:
    """Whether what a fill is compared with is the input itself: a removal without a truth."""
    return view.source is None or torch.equal(view.reference[row], view.source[row])
