"""Samples of a data set, chosen by name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bench.vocabulary import Dataset

__all__ = ["Selectable", "SplitList", "ids_sha256"]


@dataclass(frozen=True)
class SplitList:
    """Samples that a list names.

    Attributes:
        file: the list as it was given.
        ids: of the samples, in the order of the data set, whatever the order of the list.
        sha256: `ids_sha256` of them.
    """

    file: str
    ids: tuple[str, ...]
    sha256: str


@runtime_checkable
class Selectable(Protocol):
    """A data set that can give some of its samples by name; beside what a Dataset has."""

    def select(self, chosen: SplitList, limit: int | None) -> Dataset:
        """The samples with the ids of `chosen`, at most `limit` of them, spread evenly.

        The data set that is returned has `chosen` as its attribute `split_list`, and its `revision` and `rules` depend
        on the SHA-256 of the list.
        """


def ids_sha256(ids: Iterable[str]) -> str:
    """SHA-256 (hex) of ids in any order: over the ids in order of code points, a line feed behind each, in UTF-8."""
    return hashlib.sha256("".join(f"{one}\n" for one in sorted(ids)).encode()).hexdigest()
