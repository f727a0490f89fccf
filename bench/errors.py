"""The one exception tree. Every message says: subject, what must be, what was found, how to fix it.

    SpgbenchError              exit code
    ├── UsageError             2   the command or something on disk is not what it must be
    │   ├── UnknownName        2   a name that a registry does not hold
    │   ├── DataError          2   a picture, label map, mask or prediction that cannot be used
    │   │   └── TooSmall       2   a picture that is too small for a metric
    │   ├── RunConflict        2   an output folder that holds something else
    │   └── WeightsMissing     2   published weights that are not at hand, or not the published ones
    └── Failure                1   the command was right and the work failed
        └── ModelFailure       1   a model raised, or returned what is no picture

`NotApplicable` stands beside the tree: it is not an error but a protocol's answer that a sample has no such hole.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "DataError",
    "Failure",
    "ModelFailure",
    "NotApplicable",
    "RunConflict",
    "SpgbenchError",
    "TooSmall",
    "UnknownName",
    "UsageError",
    "WeightsMissing",
]


class SpgbenchError(Exception):
    """Base of all errors that a user can meet.

    Args:
        subject: what the error is about, e.g. `"label map 0001.png"`.
        must: what it must be, e.g. `"be as large as its picture"`.
        found: what was found instead.
        fix: what to do about it, a sentence.
    """

    exit_code = 1

    def __init__(self, subject: str, must: str, found: str, fix: str = "") -> None:
        super().__init__(subject, must, found, fix)  # all four, so that the error survives pickling between processes
        self.subject, self.must, self.found, self.fix = subject, must, found, fix

    def __str__(self) -> str:
        return f"{self.subject} must {self.must}; found {self.found}." + (f" {self.fix}" if self.fix else "")


class UsageError(SpgbenchError):
    """The command, or something on disk that it names, is not what it must be."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that a registry does not hold; the message suggests near ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        near = difflib.get_close_matches(name, self.known, n=3)
        fix = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(self.known) or 'none'}."
        super().__init__(f"{kind} '{name}'", "be a known name", "no such name", fix)

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str, str, tuple[str, ...]]]:
        return UnknownName, (self.kind, self.name, self.known)


class DataError(UsageError):
    """A picture, label map, mask or prediction that cannot be used."""


class TooSmall(DataError):
    """A picture that is too small for a metric: in a run the metric is undefined for it."""


class RunConflict(UsageError):
    """An output folder that holds another run, or files that no run wrote."""


class WeightsMissing(UsageError):
    """A weight file is not at hand and could not be fetched, or is not the published one: leave the metric out."""


class Failure(SpgbenchError):
    """The command was right and the work failed."""


class ModelFailure(Failure):
    """A model raised, or returned something that is no picture of the right shape and range."""


class NotApplicable(Exception):
    """A protocol has no hole for this sample (say, no object to remove): the sample is skipped and counted."""
