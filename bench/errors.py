"""The one exception tree. Every message says: subject, what must be, what was found, how to fix it.

    SpgbenchError              exit code
    ├── UsageError             2   the command or something on disk is not what it must be
    │   ├── UnknownName        2   a name that a registry does not hold
    │   ├── DataError          2   a picture, label map, mask or prediction that cannot be used
    │   │   ├── TooSmall       2   a picture that is too small for a metric
    │   │   └── TooLarge       2   a file of more bytes or pixels than are read
    │   ├── RunConflict        2   an output folder that holds something else
    │   └── WeightsMissing     2   published weights that are not at hand, or not the published ones
    ├── Failure                3   the command was right and the work failed
    │   └── ModelFailure       1   a model raised, or returned what is no picture
    └── EnvironmentFailure     3   the machine refused: a full or read-only disk, no permission, no memory

Exit code 1 is kept for a regression and for failed samples. An exception that is not in the tree is an error in our own
code, and its exit code is 3.

`NotApplicable` stands beside the tree: it is not an error but a protocol's answer that a sample has no such hole.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

__all__ = [
    "DataError",
    "EnvironmentFailure",
    "Failure",
    "ModelFailure",
    "NotApplicable",
    "RunConflict",
    "SpgbenchError",
    "TooLarge",
    "TooSmall",
    "UnknownName",
    "UsageError",
    "WeightsMissing",
    "folded",
    "is_machine_fault",
    "nearest",
    "visible",
]

_MACHINE_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)

_FEW = 8
"""So many known names are listed; more are left to a command."""
_HEAD, _TAIL = 700, 200
"""Characters of each part of a message; what is between them is left out."""


class SpgbenchError(Exception):
    """Base of all errors that a user can meet.

    Args:
        subject: what the error is about, e.g. `"label map 0001.png"`.
        must: what it must be, e.g. `"be as large as its picture"`.
        found: what was found instead.
        fix: what to do about it, a sentence.
    """

    exit_code = 3

    def __init__(self, subject: str, must: str, found: str, fix: str = "") -> None:
        super().__init__(subject, must, found, fix)  # all four, so that the error survives pickling between processes
        self.subject, self.must, self.found, self.fix = subject, must, found, fix

    def __str__(self) -> str:
        subject, must, found, fix = (visible(_short(part)) for part in (self.subject, self.must, self.found, self.fix))
        return f"{subject} must {must}; found {found}." + (f" {fix}" if fix else "")


def visible(text: str) -> str:
    """A text of others as it may stand in a terminal or a log: what moves the cursor or turns the direction is escaped.

    Line ends and tabs stay; a control character such as ESC becomes `\\x1b`, and a lone surrogate `\\ud800`.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _short(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]} [...] {text[-_TAIL:]}"


class UsageError(SpgbenchError):
    """The command, or something on disk that it names, is not what it must be."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that is not among the known ones; the message suggests the nearest.

    Args:
        kind: what is named, e.g. `"metric"`.
        name: the unknown name.
        known: the known names.
        listing: the command that lists them all, or empty.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], listing: str = "") -> None:
        self.kind, self.name, self.known, self.listing = kind, name, tuple(known), listing
        near = nearest(name, self.known)
        few = f"Known: {', '.join(self.known) or 'none'}." if len(self.known) <= _FEW else ""
        hint = f"Did you mean {_either(near)}?" if near else few
        all_of_them = f"`{listing}` lists all." if listing and not (few and hint == few) else ""
        super().__init__(
            f"{kind} '{name}'", "be a known name", "no such name", " ".join(filter(None, (hint, all_of_them)))
        )

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str, str, tuple[str, ...], str]]:
        return UnknownName, (self.kind, self.name, self.known, self.listing)


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names that are most like `name`, nearest first: it is a word of them, they look alike, they hold it.

    Case and `_` for `-` do not matter, nor do versions (`@1`) unless `name` has one.
    """
    shown = {one: one if "@" in name else one.partition("@")[0] for one in known}
    bare = {folded(one): one for one in shown.values()}
    wanted = folded(name)
    words = [one for one in bare if f"-{wanted}-" in f"-{one}-"]
    words.sort(key=lambda one: (not one.startswith(wanted), not one.endswith(wanted)))
    alike = difflib.get_close_matches(wanted, bare, n=most, cutoff=0.7)
    parts = [one for one in bare if len(wanted) > 1 and wanted in one]
    found = [*words, *alike, *parts] or difflib.get_close_matches(wanted, bare, n=most)
    return [bare[one] for one in dict.fromkeys(found)][:most]


def folded(name: str) -> str:
    """The name as it is compared: in lower case, `_` as `-`."""
    return name.casefold().replace("_", "-")


def _either(names: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


class DataError(UsageError):
    """A picture, label map, mask or prediction that cannot be used."""


class TooSmall(DataError):
    """A picture that is too small for a metric: in a run the metric is undefined for it."""


class TooLarge(DataError):
    """A file of more bytes or pixels than are read."""


class RunConflict(UsageError):
    """An output folder that holds another run, or files that no run wrote."""


class WeightsMissing(UsageError):
    """A weight file is not at hand and could not be fetched, or is not the published one: leave the metric out."""


class Failure(SpgbenchError):
    """The command was right and the work failed."""


class ModelFailure(Failure):
    """A model raised, or returned something that is no picture of the right shape and range.

    Args:
        traceback: the last frames of what it raised, as Python prints them.
    """

    def __init__(self, subject: str, must: str, found: str, fix: str = "", traceback: str = "") -> None:
        super().__init__(subject, must, found, fix)
        self.args = (subject, must, found, fix, traceback)  # for pickling between processes
        self.traceback = traceback

    exit_code = 1


class EnvironmentFailure(SpgbenchError):
    """The machine refused: a full or read-only disk, a missing permission, a limit, too little memory."""


def is_machine_fault(error: BaseException) -> bool:
    """Whether an error says that the machine ran out of disk or of open files: no file and no model is at fault."""
    return isinstance(error, OSError) and error.errno in _MACHINE_FAULTS


class NotApplicable(Exception):
    """A protocol has no hole for this sample (say, no object to remove): the sample is skipped and counted."""
