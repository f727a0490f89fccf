"""Grids of labelled pictures, pixel for pixel: what the gallery and the contact sheets are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from bench.reporting.images.captions import TextStyle
from bench.reporting.images.tiles import SMALLEST, Tile

__all__ = ["draw_grid", "stacked"]

_PAPER, _EMPTY, _PALE, _FRAME = (255, 255, 255), (238, 238, 238), (110, 110, 110), (190, 190, 190)
_GAP = 6


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
    grid.styles.title.write(draw, grid.title, (_GAP, _GAP), "la")
    for x, width, lines in zip(grid.lefts, grid.widths, grid.headings, strict=False):
        y = grid.tops[0] - _GAP - len(lines) * grid.styles.heading.leading
        grid.styles.heading.write(draw, lines, (x + width / 2, y))
    for y, height, lines in zip(grid.tops, grid.heights, grid.row_titles, strict=False):
        first = y + height / 2 - len(lines) * grid.styles.row.leading / 2
        grid.styles.row.write(draw, lines, (grid.lefts[0] - _GAP, first), "ra")
    for row, y, height in zip(rows, grid.tops, grid.heights, strict=True):
        for tile, x, width in zip(row, grid.lefts, grid.widths, strict=False):
            _paste(sheet, draw, tile, (x, y, width, height), grid.styles)
    return sheet


def stacked(grids: Sequence[Image.Image]) -> Image.Image:
    """Grids one below the other, from the same left edge."""
    sheet = Image.new("RGB", (max(grid.width for grid in grids), sum(grid.height for grid in grids)), _PAPER)
    for index, grid in enumerate(grids):
        sheet.paste(grid, (0, sum(above.height for above in grids[:index])))
    return sheet


@dataclass(frozen=True)
class _TextStyles:
    """The sizes of type on a sheet, which grow with its tiles."""

    title: TextStyle
    heading: TextStyle
    row: TextStyle
    caption: TextStyle

    @classmethod
    def for_tiles(cls, width: int) -> _TextStyles:
        def size(at_256: int) -> int:
            return max(11, round(at_256 * width / 256))

        return cls(
            TextStyle(size(24), bold=True), TextStyle(size(18), bold=True), TextStyle(size(16)), TextStyle(size(17))
        )


@dataclass(frozen=True)
class _Grid:
    """Where everything on a sheet goes, in pixels."""

    styles: _TextStyles
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
    largest = [max(tile.size[side] for row in rows for tile in row) or SMALLEST for side in (0, 1)]
    widths = [
        max(row[place].size[0] for row in rows if place < len(row)) or largest[0] for place in range(len(rows[0]))
    ]
    heights = [max(tile.size[1] for tile in row) or largest[1] for row in rows]
    styles = _TextStyles.for_tiles(largest[0])
    headings = [styles.heading.wrapped(text, width, 3) for text, width in zip(column_titles, widths, strict=False)]
    labels = [styles.row.wrapped(text, largest[0] * 3 // 4, 5) for text in row_titles]
    margin = max((styles.row.width(line) for lines in labels for line in lines), default=-_GAP) + 2 * _GAP
    lines = (len(_caption(tile, width, styles)) for row in rows for tile, width in zip(row, widths, strict=False))
    captions = _GAP + max(lines) * styles.caption.leading
    lefts = [margin + sum(widths[:place]) + _GAP * place for place in range(len(widths))]
    width = lefts[-1] + widths[-1] + _GAP
    heading = styles.title.wrapped(title, width - 2 * _GAP, 2) if title else []
    first = _GAP + len(heading) * styles.title.leading
    first += max(map(len, headings), default=0) * styles.heading.leading + (_GAP if headings or heading else 0)
    tops = [first + sum(heights[:place]) + captions * place for place in range(len(heights))]
    size = (width, tops[-1] + heights[-1] + captions)
    return _Grid(styles, size, lefts, tops, widths, heights, heading, headings, labels)


def _paste(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, box: tuple[int, int, int, int], styles: _TextStyles
) -> None:
    x, y, width, height = box
    if tile.picture is None:
        draw.rectangle((x, y, x + width - 1, y + height - 1), _EMPTY)
        styles.heading.write(draw, [tile.message], (x + width / 2, y + height / 2), "mm", _PALE)
    else:
        corner = (x + (width - tile.size[0]) // 2, y + (height - tile.size[1]) // 2)
        frame = (corner[0] - 1, corner[1] - 1, corner[0] + tile.size[0], corner[1] + tile.size[1])
        draw.rectangle(frame, outline=_FRAME)
        sheet.paste(Image.fromarray(tile.picture), corner)
    styles.caption.write(draw, _caption(tile, width, styles), (x + width / 2, y + height + 3))


def _caption(tile: Tile, width: int, styles: _TextStyles) -> list[str]:
    return styles.caption.wrapped(tile.caption, width, 2) if tile.caption else []
