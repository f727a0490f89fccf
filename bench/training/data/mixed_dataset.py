"""Training pictures of several data sets in fixed shares."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from bench.errors import DataError, UsageError
from bench.vocabulary import Dataset, Sample

__all__ = ["MixedDataset", "Mixture"]


@dataclass(frozen=True)
class Mixture:
    """A second data set to train on.

    Attributes:
        name: as in `spgbench ls datasets`; one that needs no files.
        share: of the training pictures that are its, above 0 and below 1.

    Raises:
        UsageError: for another share.
    """

    name: str
    share: float

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            fix = "Give --mix streets:0.5 for a half of each."
            raise UsageError("share of a mixed data set", "be above 0 and below 1", f"{self.share}", fix)

    @classmethod
    def parse(cls, text: str) -> Self:
        """`NAME:SHARE`, for example `streets:0.5`; raises UsageError."""
        name, _, share = text.rpartition(":")
        try:
            return cls(name, float(share))
        except ValueError as error:
            raise UsageError("mixed data set", "be NAME:SHARE", repr(text), "Give streets:0.5, say.") from error


class MixedDataset:
    """A Dataset of the pictures of several, each with a fixed share of an epoch.

    The data set with most pictures for its share is used once in an epoch, and those of the others are repeated.

    Args:
        parts: of the same classes and the same countable classes, and of one size.
        shares: of an epoch, one for each part, above 0.

    Raises:
        DataError: the parts differ in their classes, or one is empty.
    """

    def __init__(self, parts: Sequence[Dataset], shares: Sequence[float]) -> None:
        self.parts, self.shares = tuple(parts), tuple(share / sum(shares) for share in shares)
        first = self.parts[0]
        for part in self.parts:
            if (part.classes, part.objects) != (first.classes, first.objects):
                must, found = f"have the classes of '{first.name}' in the same order", ", ".join(part.classes) or "none"
                raise DataError(f"data set '{part.name}' to mix in", must, found, "Mix data sets of the same classes.")
            if not len(part):
                raise DataError(f"data set '{part.name}' to mix in", "hold at least one picture", "none")
        self.classes, self.objects = first.classes, first.objects
        self.name = ",".join(f"{part.name}:{share:.4g}" for part, share in zip(self.parts, self.shares, strict=True))
        length = max(len(part) / share for part, share in zip(self.parts, self.shares, strict=True))
        self._counts = [round(length * share) for share in self.shares]
        self.ids = tuple(self._id(index) for index in range(len(self)))

    @property
    def revision(self) -> str:
        """SHA-256 of the revisions and shares of the parts."""
        content = [(part.revision, share) for part, share in zip(self.parts, self.shares, strict=True)]
        return hashlib.sha256(repr(content).encode()).hexdigest()

    def map(self, change: Callable[[Dataset], Dataset]) -> MixedDataset:
        """The same mixture of parts that are changed one by one, for example decoded ahead."""
        return MixedDataset([change(part) for part in self.parts], self.shares)

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        part, place = self._place(index)
        return part[place]

    def _place(self, index: int) -> tuple[Dataset, int]:
        """The part and the index in it of a picture of the epoch."""
        for part, count in zip(self.parts, self._counts, strict=True):
            if index < count:
                return part, index % len(part)
            index -= count
        raise IndexError(index)

    def _id(self, index: int) -> str:
        part, place = self._place(index)
        return part.ids[place]
