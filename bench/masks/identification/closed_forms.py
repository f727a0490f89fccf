"""Holes that follow a rule, recognised from their pixels: blocks, halves, frames, rows and lattices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

import bench.masks.catalogue as protocols
from bench.errors import UsageError
from bench.masks.identification.hashing import hole_sha256

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Hole

__all__ = ["ClosedForm", "FormReading", "find_form", "name_of_hole"]

_FIXED = "bench.masks.fixed:Fixed"
_REPAINT = {
    "every-second-line@1": "RePaint ev2li",
    "super-resolve-2@1": "RePaint nn2",
    "expand-64@1": "RePaint ex64",
    "half-right@1": "RePaint genhalf",
}
_REPAINT_SIZE = (256, 256)
_LONGEST_PERIOD = 64


@dataclass(frozen=True)
class FormReading:
    """What a mask is if one of its colours is missing.

    Attributes:
        text: the rule in words.
        protocol: that draws exactly this hole at this size, or empty.
        published: set whose every file is this hole, or empty.
    """

    text: str
    protocol: str = ""
    published: str = ""

    @property
    def names(self) -> str:
        """`RePaint ev2li, every-second-line@1`, or empty."""
        return ", ".join(filter(None, (self.published, self.protocol)))


@dataclass(frozen=True)
class ClosedForm:
    """A mask that follows a rule.

    Attributes:
        white, black: what it is if its white, or its black pixels are missing.
        repeated: whether it repeats itself, as rows and lattices do, and blocks do not.
    """

    white: FormReading
    black: FormReading
    repeated: bool

    @property
    def key(self) -> tuple[str, str]:
        """What two masks of one rule share at any size: the names of both readings, or else their words."""
        names = self.white.names, self.black.names
        return names if any(names) else (self.white.text, self.black.text)

    @property
    def hole(self) -> str | None:
        """`white` or `black`, where only that reading has a name; None of blocks: a frame is a block inverted."""
        if not self.repeated or bool(self.white.names) == bool(self.black.names):
            return None
        return "white" if self.white.names else "black"


@dataclass(frozen=True)
class _Axis:
    """Marked places of one side: `start` to `stop`, each `step`-th, which has `length` places."""

    start: int
    stop: int
    step: int
    length: int

    @property
    def whole(self) -> bool:
        return self.step == 1 and self.stop - self.start == self.length

    @property
    def centred(self) -> bool:
        return self.step == 1 and abs(self.start - (self.length - self.stop)) <= 1


def find_form(white: Hole, white_sha256: str, black_sha256: str) -> ClosedForm | None:
    """The rule behind a mask, or None.

    Args:
        white: bool [H, W], the white pixels; neither none nor all.
        white_sha256, black_sha256: `hole_sha256` of `white` and of the other pixels.
    """
    marked, unmarked = _axes(white), _axes(~white)
    axes = marked or unmarked
    if axes is None:
        return None
    first, other = (marked, unmarked) if marked else (unmarked, marked)
    missing, known = _words(*axes), _words_of_others(*axes)
    opposite = _words(*other) if other else known
    texts = (missing, opposite) if first is marked else (opposite, missing)
    names = _named(white.shape[0], white.shape[1])
    readings = [
        FormReading(text, *names.get(sha256, ("", "")))
        for text, sha256 in zip(texts, (white_sha256, black_sha256), strict=True)
    ]
    return ClosedForm(readings[0], readings[1], repeated=any(axis.step > 1 for axis in axes))


def name_of_hole(sha256: str, height: int, width: int) -> str:
    """The published set that consists of one hole, by its `hole_sha256`; empty where there is none."""
    return _named(height, width).get(sha256, ("", ""))[1]


@lru_cache(maxsize=256)
def _named(height: int, width: int) -> dict[str, tuple[str, str]]:
    """Hash of a hole to the protocol that draws it at this size, and to the set that consists of it."""
    found: dict[str, tuple[str, str]] = {}
    for entry in protocols.PROTOCOLS:
        if entry.target == _FIXED:
            try:
                hole = protocols.draw(entry.name, height=height, width=width, key="")
            except UsageError:  # the size is too small for this rule
                continue
            published = _REPAINT.get(entry.name, "") if (height, width) == _REPAINT_SIZE else ""
            found.setdefault(hole_sha256(hole), (entry.name, published))
    return found


def _axes(marked: npt.NDArray[np.bool_]) -> tuple[_Axis, _Axis] | None:
    """The rows and columns whose crossings are the marked pixels, if both are regular."""
    rows, columns = np.atleast_1d(marked.any(axis=1)), np.atleast_1d(marked.any(axis=0))
    if np.count_nonzero(marked) != np.count_nonzero(rows) * np.count_nonzero(columns):
        return None
    vertical, horizontal = _axis(rows), _axis(columns)
    return (vertical, horizontal) if vertical and horizontal else None


def _axis(line: npt.NDArray[np.bool_]) -> _Axis | None:
    """The marked places of a line: neighbours, or those of one step over its whole length; else None."""
    places = np.flatnonzero(line)
    start, stop, length = int(places[0]), int(places[-1]) + 1, len(line)
    if len(places) == stop - start:
        return _Axis(start, stop, 1, length)
    step = int(places[1] - places[0])
    regular = np.array_equal(places, np.arange(start, length, step)) and start < step <= _LONGEST_PERIOD
    return _Axis(start, stop, step, length) if regular else None


def _words(rows: _Axis, columns: _Axis) -> str:
    if rows.step == 1 and columns.step == 1:
        return _block(rows, columns)
    lines = [
        f"{noun} {axis.start}, {axis.start + axis.step} and so on"
        if axis.step > 1
        else f"{noun} {axis.start} to {axis.stop - 1}"
        for noun, axis in (("rows", rows), ("columns", columns))
        if not axis.whole
    ]
    return " crossed with ".join(lines)


def _words_of_others(rows: _Axis, columns: _Axis) -> str:
    """All pixels but those of `_words`."""
    around = rows.centred and columns.centred and not (rows.whole or columns.whole)
    return f"{'a frame around' if around else 'all but'} {_words(rows, columns)}"


def _block(rows: _Axis, columns: _Axis) -> str:
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if rows.whole or columns.whole:
        axis, sides, noun = (columns, ("left", "right"), "columns") if rows.whole else (rows, ("top", "bottom"), "rows")
        size = axis.stop - axis.start
        half = size in {axis.length // 2, axis.length - axis.length // 2}
        part = "half" if half else f"{size} of {axis.length} {noun}"
        if axis.start == 0:
            return f"the {sides[0]} {part}"
        if axis.stop == axis.length:
            return f"the {sides[1]} {part}"
        return f"{noun} {axis.start} to {axis.stop - 1}"
    if rows.centred and columns.centred:
        share = f"{height / rows.length:.4g} x {width / columns.length:.4g} of the sides"
        return f"a central block of {height}x{width} ({share})"
    return f"a block of {height}x{width} at row {rows.start}, column {columns.start}"
