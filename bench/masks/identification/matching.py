"""How much of a published set a folder holds, and in which polarity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bench.masks.identification.passport import MaskPassport
from bench.masks.identification.reading import MaskReading

__all__ = ["MaskColour", "SetMatch", "match_passport"]

MaskColour: TypeAlias = Literal["white", "black"]


@dataclass(frozen=True)
class SetMatch:
    """Files against a passport.

    Attributes:
        passport: of the set.
        hole: colour of the missing pixels in most of the files that belong to the set; None where both colours do.
        found: masks of the set that are among the files.
        missing: masks of the set that are not.
        inverted: files that belong to the set, with the other colour missing than in most.
        repeated: files that hold a mask of the set once more than the set does.
        unknown: names of the files that do not belong to the set.
    """

    passport: MaskPassport
    hole: MaskColour | None
    found: int
    missing: int
    inverted: int
    repeated: int
    unknown: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the files are the set: every mask of it, once, in one polarity, and nothing else."""
        return not (self.missing or self.inverted or self.repeated or self.unknown)


def match_passport(
    readings: Sequence[MaskReading], passport: MaskPassport, unreadable: Sequence[str]
) -> SetMatch | None:
    """Compare files with a set; None where no file belongs to it.

    Args:
        readings: the files.
        passport: of the set.
        unreadable: names of further files, which belong to no set.
    """
    holes = Counter(passport.holes)
    in_white = [one.white_sha256 in holes for one in readings]
    in_black = [one.black_sha256 in holes for one in readings]
    if not any(in_white) and not any(in_black):
        return None
    white = sum(in_white) >= sum(in_black)
    usual, other = (in_white, in_black) if white else (in_black, in_white)
    present = Counter(
        one.white_sha256 if white else one.black_sha256 for one, belongs in zip(readings, usual, strict=True) if belongs
    )
    found = (present & holes).total()
    inverted = sum(opposite and not belongs for belongs, opposite in zip(usual, other, strict=True))
    unknown = [
        one.name for one, belongs, opposite in zip(readings, usual, other, strict=True) if not (belongs or opposite)
    ]
    colour: MaskColour | None = None if all(map(_both, usual, other)) else "white" if white else "black"
    return SetMatch(
        passport,
        colour,
        found,
        passport.count - found,
        inverted,
        present.total() - found,
        (*unknown, *unreadable),
    )


def _both(usual: bool, other: bool) -> bool:
    return usual == other
