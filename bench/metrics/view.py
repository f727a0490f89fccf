"""One batch of completed pictures beside the truth, as metrics see it: data alone, in all four regions."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

import torch

from bench.metrics.arguments import check_labels, check_pair, check_region, region_or_all
from bench.metrics.boundary import boundary_band
from bench.metrics.width import boundary_width
from bench.runtime.threads import elementwise
from bench.vocabulary import Region

__all__ = ["BatchView", "PictureView"]

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class PictureView:
    """A picture to compare with a reference, and the regions where to look at it.

    Attributes:
        reference: uint8 [N, 3, H, W], what it should be.
        picture: uint8 [N, 3, H, W].
        regions: names of the R regions.
        masks: bool [N, 1, H, W] each, R of them.
    """

    reference: torch.Tensor
    picture: torch.Tensor
    regions: tuple[Region, ...]
    masks: tuple[torch.Tensor, ...]


@dataclass(frozen=True, eq=False)
class BatchView:
    """What metrics see of a batch. Parts that several metrics or regions need are computed once.

    Attributes:
        reference: uint8 [N, 3, H, W], the truth; of a removal the scene without the object. Where a removal has no
            truth it is the input, and only metrics that need no truth are taken.
        completed: uint8 [N, 3, H, W], the output in the hole and the input elsewhere.
        raw: uint8 [N, 3, H, W], the output everywhere.
        hole: bool [N, 1, H, W], True = missing.
        labels: uint8 [N, H, W] true labels with VOID = 255, or None: then region boundary is undefined (NaN).
        predicted_labels: uint8 [N, H, W] label maps that the model completed, or None: then their scores are undefined.
        judged: uint8 [N, H, W] what a judge sees in the completed pictures, or None, likewise.
        judged_truth: uint8 [N, H, W] what it sees in the untouched ones, or None, likewise.
        classes: names of the classes 0, 1, ... as keys of records have them (see `class_keys`); without them, scores by
            class have only their mean.
        fills: uint8 [N, K, 3, H, W] several completed pictures of each, or None: the scores of several are undefined.
        device: where networks that metrics need work; empty: where the pictures are.
        source: uint8 [N, 3, H, W], the input whose hole was filled, or None where it is the truth.
        removed: uint8 [N], classes of the removed objects, VOID where unknown, or None: completion.
        object_pixels: bool [N, 1, H, W], where the removed objects showed, or None.
        judged_without: uint8 [N, H, W] what a judge sees in pictures that never had the object, or None.
        objects: indices of the classes of countable things.
        prompts: what each picture shows, in words; empty where nothing is known.
        asked: uint8 [N, H, W] the edited label maps that the fills should follow, or None: nothing is edited.
        edited: bool [N, 1, H, W], the hole pixels that the edits change, or None, likewise.
        fill_labels: uint8 [N, K, H, W] label maps of `fills`, or None: the model gives none with them.
        judged_fills: uint8 [N, K, H, W] what a judge sees in `fills`, or None.

    Raises:
        DataError: a tensor is not what it must be.
    """

    reference: torch.Tensor
    completed: torch.Tensor
    raw: torch.Tensor
    hole: torch.Tensor
    labels: torch.Tensor | None = None
    predicted_labels: torch.Tensor | None = None
    judged: torch.Tensor | None = None
    judged_truth: torch.Tensor | None = None
    classes: tuple[str, ...] = ()
    fills: torch.Tensor | None = None
    device: str = ""
    source: torch.Tensor | None = None
    removed: torch.Tensor | None = None
    object_pixels: torch.Tensor | None = None
    judged_without: torch.Tensor | None = None
    objects: tuple[int, ...] = ()
    prompts: tuple[str, ...] = ()
    asked: torch.Tensor | None = None
    edited: torch.Tensor | None = None
    fill_labels: torch.Tensor | None = None
    judged_fills: torch.Tensor | None = None

    def __post_init__(self) -> None:
        check_pair(self.reference, self.completed)
        check_pair(self.reference, self.raw, "raw output")
        check_region("hole", self.hole, self.reference)
        if self.source is not None:
            check_pair(self.reference, self.source, "input")
        if self.object_pixels is not None:
            check_region("pixels of the removed object", self.object_pixels, self.reference)
        if self.edited is not None:
            check_region("edited pixels", self.edited, self.reference)
        for fill in _each(self.fills):
            check_pair(self.reference, fill, "one of several fills")
        if self.labels is not None:
            check_labels(self.labels, self.reference)
        for subject, maps in (
            ("predicted label maps", self.predicted_labels),
            ("judge's label maps of completed pictures", self.judged),
            ("judge's label maps of untouched pictures", self.judged_truth),
            ("judge's label maps of pictures without the object", self.judged_without),
            ("edited label maps", self.asked),
            *(("label map of one of several fills", maps) for maps in _each(self.fill_labels)),
            *(("judge's label map of one of several fills", maps) for maps in _each(self.judged_fills)),
        ):
            if maps is not None:
                check_labels(maps, self.reference, subject)

    @property
    def network_device(self) -> str:
        """Where networks that metrics need work."""
        return self.device or str(self.reference.device)

    @cached_property
    def boundary(self) -> torch.Tensor:
        """Bool [N, 1, H, W]: hole pixels near a boundary between true labels; none without labels."""
        if self.labels is None:
            return torch.zeros(1, dtype=torch.bool, device=self.hole.device).expand_as(self.hole)
        return elementwise("logical_and", self.hole, boundary_band(self.labels, boundary_width(*self.hole.shape[2:])))

    @cached_property
    def composited(self) -> PictureView:
        """The composited picture: regions full, hole and boundary."""
        masks = (region_or_all(None, self.reference), self.hole, self.boundary)
        return PictureView(self.reference, self.completed, ("full", "hole", "boundary"), masks)

    @cached_property
    def known(self) -> PictureView:
        """The raw output outside the hole and the input inside: errors in the hole reach no window of region known."""
        source = self.reference if self.source is None else self.source
        picture = elementwise("where", self.hole, source, self.raw)
        return PictureView(source, picture, ("known",), (elementwise("logical_not", self.hole),))

    def once(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """What several metrics or regions need of this batch: `compute()`, called for the first of them alone."""
        if key not in self._computed:
            self._computed[key] = compute()
        return cast("Value", self._computed[key])

    @cached_property
    def _computed(self) -> dict[Hashable, Any]:
        return {}

    def by_region(self, measure_picture: Callable[[PictureView], torch.Tensor]) -> dict[Region, torch.Tensor]:
        """Apply a function `PictureView -> [N, R]` to both views; `[N]` for each region."""
        return {
            region: values
            for seen in (self.composited, self.known)
            for region, values in zip(seen.regions, measure_picture(seen).unbind(dim=1), strict=True)
        }


def _each(several: torch.Tensor | None) -> tuple[torch.Tensor, ...]:
    """Each of K [N, ...], of a tensor [N, K, ...]; none of None."""
    return () if several is None else several.unbind(dim=1)
