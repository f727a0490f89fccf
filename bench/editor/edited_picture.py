"""The picture of a session, and what is known of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.masks.connected_components import connected_components
from bench.vocabulary import Dataset, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["EditedPicture", "pixels_sha256"]


@dataclass(frozen=True)
class EditedPicture:
    """A picture that is edited.

    Attributes:
        sample: its pixels, id and label map, if it has one.
        dataset: that it comes from, for mask protocols; None where it is not at hand.
        dataset_name, revision: of the data set; empty for an upload.
        classes: what the indices of the label map mean; empty without.
        note: what was done to the file, a sentence for the page, or empty.
    """

    sample: Sample
    dataset: Dataset | None = None
    dataset_name: str = ""
    revision: str = ""
    classes: tuple[str, ...] = ()
    note: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.sample.image.shape[0], self.sample.image.shape[1]

    @property
    def objects(self) -> int:
        """The number of connected components of classes of countable things; 0 without a label map."""
        labels = self.sample.labels
        if labels is None or self.dataset is None:
            return 0
        wanted = np.zeros(256, np.bool_)
        wanted[list(self.dataset.objects)] = True
        return int(connected_components(np.ascontiguousarray(labels), wanted).max())


def pixels_sha256(pixels: Picture | Hole) -> str:
    """SHA-256 of the pixels of an array, row by row, whatever file holds them."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
