"""The data set `streets`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bench.data.limits import limited
from bench.data.selection import SplitList
from bench.data.streets.randomness import Stream
from bench.data.streets.scene import draw, draw_without
from bench.data.streets.street import CLASSES, OBJECTS
from bench.errors import UnknownName, UsageError
from bench.vocabulary import Sample

if TYPE_CHECKING:
    from bench.removal import RemovedObject
    from bench.vocabulary import Hole

__all__ = ["SPLITS", "VERSION", "Streets"]

VERSION = 1
"""Of the generator: a change that moves one byte of one picture must raise it."""

SPLITS = {"train": range(20000), "val": range(20000, 20500), "test": range(20500, 21500)}
"""Scene numbers of each split; no scene is in two."""

_SMALLEST = 32


class Streets:
    """Procedural street scenes with CamVid's 11 classes; the same bytes on every machine.

    Every scene is drawn from its own random stream, keyed by its number, so that a sample depends on nothing that was
    asked before. It is laid out in units of the picture's height: another size shows the same scene.

    Attributes:
        name: `streets`.
        revision: SHA-256 of the generator's version, split, its list, size and ids.
        rules: the same without the ids.
        classes: CamVid's 11.
        objects: tree, sign, car, pedestrian, bicyclist.
        ids: `test-000012`, in order.

    Args:
        split: one of `SPLITS`.
        size: height and width in pixels, at least 32 each.
        limit: how many samples, spread evenly over the split; None for all.
        split_list: the samples of the split to take; None for all.

    Raises:
        UnknownName: an unknown split.
        UsageError: a size or limit that is too small.
    """

    name = "streets"
    classes = CLASSES
    objects = OBJECTS

    def __init__(
        self, split: str, size: tuple[int, int], limit: int | None = None, split_list: SplitList | None = None
    ) -> None:
        if split not in SPLITS:
            raise UnknownName("split", split, SPLITS)
        if min(size) < _SMALLEST:
            found = f"{size[0]}x{size[1]}"
            raise UsageError("size of streets", f"be at least {_SMALLEST} pixels a side", found, "Ask for larger ones.")
        self.split, self.size = split, (int(size[0]), int(size[1]))
        self.split_list = split_list
        wanted = None if split_list is None else set(split_list.ids)
        self._every = [scene for scene in SPLITS[split] if wanted is None or self._id(scene) in wanted]
        self._scenes = limited(self._every, limit)
        self.ids = tuple(map(self._id, self._scenes))
        of_list = () if split_list is None else (split_list.sha256,)
        content = (self.name, VERSION, split, self.size, *of_list, self.ids)
        self.revision = hashlib.sha256(repr(content).encode()).hexdigest()
        self.rules = hashlib.sha256(repr(content[:-1]).encode()).hexdigest()

    def sample_revisions(self) -> tuple[str, ...]:
        """Of each sample, SHA-256 over `rules` and its id."""
        return tuple(hashlib.sha256(f"{self.rules} {name}".encode()).hexdigest() for name in self.ids)

    @cached_property
    def whole(self) -> Streets:
        """The whole split, without the limit."""
        return self if len(self) == len(self._every) else Streets(self.split, self.size, None, self.split_list)

    def select(self, chosen: SplitList, limit: int | None) -> Streets:
        """The samples that a list names (`bench.data.selection.Selectable`)."""
        return Streets(self.split, self.size, limit, chosen)

    def _id(self, scene: int) -> str:
        return f"{self.split}-{scene - SPLITS[self.split].start:06d}"

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        """Draw one sample.

        Args:
            index: 0 to len - 1, or negative from the end.

        Raises:
            IndexError: there is no such sample.
        """
        image, labels = draw(self._stream(index), *self.size)
        return Sample(self.ids[index], image, labels)

    def without(self, sample_id: str, region: Hole) -> RemovedObject:
        """The scene of a sample without every countable thing that shows in a region, and without its shadow.

        A countable thing is a car, a pedestrian, a bicycle with its rider, a sign or traffic light with its post, a
        tree, or a piece of hedge; a lawn is ground, though its label is `tree`. A thing shows in a region if it gives
        one of its pixels their label; a mere edge in a pixel does not count. A thing that shows nowhere, because the
        removed ones hide it, is removed with them.

        Args:
            sample_id: one of `ids`.
            region: bool [H, W].

        Returns:
            Where the removed things show (every pixel with at least one of its four subsamples), the class of most of
            them in the region, the scene without them, and every pixel that changes. Outside `effects` the truth is
            the sample's picture to the byte. Shadows are on the ground alone; nothing in a scene mirrors a thing.

        Raises:
            NotApplicable: nothing countable shows there.
            UnknownName: no such sample.
            UsageError: a region of another size.
        """
        if sample_id not in self.ids:
            raise UnknownName("sample of streets", sample_id, self.ids)
        if region.shape != self.size or region.dtype != np.bool_:
            must = f"be a boolean map of {self.size[0]}x{self.size[1]} like the picture"
            found = f"{region.dtype} of {'x'.join(map(str, region.shape))}"
            raise UsageError(f"region of sample '{sample_id}'", must, found, "Draw it for this size.")
        return draw_without(self._stream(self.ids.index(sample_id)), *self.size, region)

    def _stream(self, index: int) -> Stream:
        return Stream(self.name, VERSION, self._scenes[index])

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))
