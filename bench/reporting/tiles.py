"""Grids of labelled pictures, pixel for pixel: what the gallery and the contact sheets are drawn with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from bench.reporting.lettering import Lettering

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["Tile", "draw_grid", "hatched", "png_bytes", "scaled", "stacked"]

_PAPER, _EMPTY, _PALE, _FRAME = (255, 255, 255), (238, 238, 238), (110, 110, 110), (190, 190, 190)
_GAP = 6
_SMALLEST, _LARGEST = 192, 512


@dataclass(frozen=True)
class Tile:
    """One place of a grid.

    Attributes:
        picture: uint8 [H, W, 3] at the size at which it is shown, or None for an empty tile.
        caption: small type under it.
        message: written into an empty tile, e.g. `failed`.
    """

    picture: Picture | None
    caption: str = ""
    message: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture; an empty tile asks for no room of its own."""
        return (0, 0) if self.picture is None else (self.picture.shape[1], self.picture.shape[0])


def scaled(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """uint8 [H, W] or [H, W, 3] at a size to look at: every pixel repeated, or blocks of pixels averaged, nothing else.

    Pictures whose longer side lies between 192 and 512 stay as they are.
    """
    longest = max(pixels.shape[:2])
    if longest > _LARGEST:
        return np.asarray(Image.fromarray(pixels).reduce(-(-longest // _LARGEST)))
    times = -(-_SMALLEST // longest)
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def hatched(picture: Picture, hole: Hole) -> Picture:
    """The picture with light stripes in its hole (bool [H, W], True = missing), scaled to look at."""
    shown = scaled(picture).copy()
    missing = scaled(hole.astype(np.uint8) * 255) >= 128
    rows, columns = np.indices(missing.shape)
    shown[missing] = 232
    shown[missing & ((rows + columns) % 10 < 2)] = 175
    return shown


def png_bytes(image: Image.Image) -> bytes:
    """The file, with nothing in it but pixels."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def draw_grid(
    rows: Sequence[Sequence[Tile]],
    *,
    column_titles: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    title: str = "",
) -> Image.Image:
    """Tiles in rows and columns; every column and row is as wide and high as its largest tile.

    Args:
        rows: at least one row of at least one tile; a later row may be shorter.
        column_titles: over the columns, on up to three lines.
        row_titles: left of the rows; a line break in one is kept.
        title: over all of it.
    """
    grid = _measure(rows, column_titles, row_titles, title)
    sheet = Image.new("RGB", grid.size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    grid.type.title.write(draw, grid.title, (_GAP, _GAP), "la")
    for x, width, lines in zip(grid.lefts, grid.widths, grid.headings, strict=False):
        y = grid.tops[0] - _GAP - len(lines) * grid.type.heading.leading
        grid.type.heading.write(draw, lines, (x + width / 2, y))
    for y, height, lines in zip(grid.tops, grid.heights, grid.row_titles, strict=False):
        first = y + height / 2 - len(lines) * grid.type.row.leading / 2
        grid.type.row.write(draw, lines, (grid.lefts[0] - _GAP, first), "ra")
    for row, y, height in zip(rows, grid.tops, grid.heights, strict=True):
        for tile, x, width in zip(row, grid.lefts, grid.widths, strict=False):
            _paste(sheet, draw, tile, (x, y, width, height), grid.type)
    return sheet


def stacked(grids: Sequence[Image.Image]) -> Image.Image:
    """Grids one below the other, from the same left edge."""
    sheet = Image.new("RGB", (max(grid.width for grid in grids), sum(grid.height for grid in grids)), _PAPER)
    for index, grid in enumerate(grids):
        sheet.paste(grid, (0, sum(above.height for above in grids[:index])))
    return sheet


@dataclass(frozen=True)
class _Type:
    """The sizes of type on a sheet, which grow with its tiles."""

    title: Lettering
    heading: Lettering
    row: Lettering
    caption: Lettering

    @classmethod
    def for_tiles(cls, width: int) -> _Type:
        def size(at_256: int) -> int:
            return max(11, round(at_256 * width / 256))

        return cls(
            Lettering(size(24), bold=True), Lettering(size(18), bold=True), Lettering(size(16)), Lettering(size(17))
        )


@dataclass(frozen=True)
class _Grid:
    """Where everything on a sheet goes, in pixels."""

    type: _Type
    size: tuple[int, int]
    lefts: list[int]
    tops: list[int]
    widths: list[int]
    heights: list[int]
    title: list[str]
    headings: list[list[str]]
    row_titles: list[list[str]]


def _measure(
    rows: Sequence[Sequence[Tile]], column_titles: Sequence[str], row_titles: Sequence[str], title: str
) -> _Grid:
    largest = [max(tile.size[side] for row in rows for tile in row) or _SMALLEST for side in (0, 1)]
    widths = [
        max(row[place].size[0] for row in rows if place < len(row)) or largest[0] for place in range(len(rows[0]))
    ]
    heights = [max(tile.size[1] for tile in row) or largest[1] for row in rows]
    type_ = _Type.for_tiles(largest[0])
    headings = [type_.heading.wrapped(text, width, 3) for text, width in zip(column_titles, widths, strict=False)]
    labels = [type_.row.wrapped(text, largest[0] * 3 // 4, 5) for text in row_titles]
    margin = max((type_.row.width(line) for lines in labels for line in lines), default=-_GAP) + 2 * _GAP
    lines = (len(_caption(tile, width, type_)) for row in rows for tile, width in zip(row, widths, strict=False))
    captions = _GAP + max(lines) * type_.caption.leading
    lefts = [margin + sum(widths[:place]) + _GAP * place for place in range(len(widths))]
    width = lefts[-1] + widths[-1] + _GAP
    heading = type_.title.wrapped(title, width - 2 * _GAP, 2) if title else []
    first = _GAP + len(heading) * type_.title.leading
    first += max(map(len, headings), default=0) * type_.heading.leading + (_GAP if headings or heading else 0)
    tops = [first + sum(heights[:place]) + captions * place for place in range(len(heights))]
    size = (width, tops[-1] + heights[-1] + captions)
    return _Grid(type_, size, lefts, tops, widths, heights, heading, headings, labels)


def _paste(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, box: tuple[int, int, int, int], type_: _Type
) -> None:
    x, y, width, height = box
    if tile.picture is None:
        draw.rectangle((x, y, x + width - 1, y + height - 1), _EMPTY)
        type_.heading.write(draw, [tile.message], (x + width / 2, y + height / 2), "mm", _PALE)
    else:
        corner = (x + (width - tile.size[0]) // 2, y + (height - tile.size[1]) // 2)
        frame = (corner[0] - 1, corner[1] - 1, corner[0] + tile.size[0], corner[1] + tile.size[1])
        draw.rectangle(frame, outline=_FRAME)
        sheet.paste(Image.fromarray(tile.picture), corner)
    type_.caption.write(draw, _caption(tile, width, type_), (x + width / 2, y + height + 3))


def _caption(tile: Tile, width: int, type_: _Type) -> list[str]:
    return type_.caption.wrapped(tile.caption, width, 2) if tile.caption else []
