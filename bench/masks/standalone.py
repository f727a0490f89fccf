"""A hole for a size and a label map alone, without a data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import DataError, UsageError
from bench.vocabulary import VOID, Protocol, Sample

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Hole, LabelMap

__all__ = ["draw_hole"]


@dataclass
class _OnePicture:
    """A dataset of one black picture, of which every class is an object."""

    sample: Sample
    objects: tuple[int, ...]
    name: str = "draw"
    revision: str = "draw"

    def __post_init__(self) -> None:
        self.ids = (self.sample.id,)
        self.classes = tuple(f"class {index}" for index in range(VOID))

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Sample:
        return (self.sample,)[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter((self.sample,))


def draw_hole(protocol: Protocol, height: int, width: int, key: str, seed: int, labels: LabelMap | None) -> Hole:
    """See `bench.masks.draw`."""
    if min(height, width) < 1:
        raise UsageError("size of a hole", "be at least 1x1 pixel", f"{height}x{width}", "Give height and width.")
    if labels is not None:
        labels = _checked(labels, height, width)
    elif protocol.needs_labels:
        raise UsageError(f"protocol '{protocol.name}'", "be given a label map", "none", "Pass labels=.")
    picture = np.zeros((height, width, 3), np.uint8)
    # A protocol that takes an object of another picture finds it in one that differs by its id alone.
    donor = Sample(f"{key} (labels)" if protocol.needs_labels else key, picture, labels)
    classes = () if labels is None else tuple(map(int, np.flatnonzero(np.bincount(labels.ravel())[:VOID])))
    return protocol.hole(Sample(key, picture, labels), seed, _OnePicture(donor, classes))


def _checked(labels: npt.NDArray[np.integer], height: int, width: int) -> LabelMap:
    if labels.shape == (height, width) and labels.dtype.kind in "ui" and labels.min() >= 0 and labels.max() <= VOID:
        return labels.astype(np.uint8)
    values = f" with values {labels.min()} to {labels.max()}" if labels.size else ""
    found = f"{labels.dtype} of {'x'.join(map(str, labels.shape))}{values}"
    must = f"be whole numbers 0 to {VOID} of {height}x{width} like the hole"
    raise DataError("label map", must, found, "Resize it to nearest; 255 is unlabelled.")
