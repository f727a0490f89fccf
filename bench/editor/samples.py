"""The pictures that a page offers: samples of data sets that are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import bench.data
from bench.editor.edited_picture import EditedPicture
from bench.errors import UnknownName
from bench.vocabulary import Dataset

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["OfferedSample", "SampleSource", "offered", "open_sample"]

_THUMBNAIL = 96
_SHOWN = 12


@dataclass(frozen=True)
class SampleSource:
    """A data set to offer samples of.

    Attributes:
        dataset: its name.
        root: folder of its files; None for a data set that needs none.
        split: which part.
    """

    dataset: str = "streets"
    root: Path | None = None
    split: str = "test"

    def load(self, side: int, limit: int | None = None) -> Dataset:
        """The data set with square pictures; raises what `bench.data.load` does."""
        return bench.data.load(self.dataset, self.split, (side, side), self.root, limit)


@dataclass(frozen=True)
class OfferedSample:
    """A sample that the page offers: its data set, its id, and a small picture, uint8 [96, 96, 3]."""

    dataset: str
    id: str
    thumbnail: Picture


@lru_cache(maxsize=8)
def _opened(source: SampleSource, side: int) -> Dataset:
    return source.load(side)


def offered(sources: Sequence[SampleSource]) -> list[OfferedSample]:
    """Twelve samples of every source, spread evenly over its split."""
    return [
        OfferedSample(source.dataset, sample.id, sample.image)
        for source in sources
        for sample in source.load(_THUMBNAIL, _SHOWN)
    ]


def open_sample(sources: Sequence[SampleSource], dataset: str, sample_id: str, side: int) -> EditedPicture:
    """A sample of one of the sources, `side` pixels a side.

    Raises:
        UnknownName: a data set that is not offered, or an id that it does not have.
        DataError: a file that cannot be read.
    """
    source = next((one for one in sources if one.dataset == dataset), None)
    if source is None:
        raise UnknownName("data set of the page", dataset, [one.dataset for one in sources])
    opened = _opened(source, side)
    if sample_id not in opened.ids:
        raise UnknownName("sample", sample_id, opened.ids)
    sample = opened[list(opened.ids).index(sample_id)]
    classes = tuple(opened.classes) if sample.labels is not None else ()
    return EditedPicture(sample, opened, opened.name, opened.revision, classes)
