"""The font of plots and picture grids, as matplotlib ships it: the same letters on every machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

__all__ = ["font_file", "printable", "text_width"]


def font_file(*, bold: bool = False) -> str:
    """Path of DejaVu Sans."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return str(folder / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))


def printable(text: str, longest: int = 40) -> str:
    """`text` on one line in letters that the font has, the middle of long ones left out."""
    line = "".join(char if char.isprintable() and _has_glyph(char) else "\N{WHITE SQUARE}" for char in text)
    half = (longest - 1) // 2
    return line if len(line) <= longest else f"{line[: longest - 1 - half]}…{line[-half:]}"


def text_width(text: str, size: float) -> float:
    """Inches that a printable line of text takes up at a size in points."""
    font = _font()
    font.set_size(size, 72)
    font.set_text(printable(text))
    return float(font.get_width_height()[0] / 64 / 72)


@cache
def _font() -> FT2Font:
    return font_manager.get_font(font_file())


def _has_glyph(char: str) -> bool:
    return bool(_font().get_char_index(ord(char)))
