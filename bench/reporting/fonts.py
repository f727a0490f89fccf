"""The font of plots and picture grids, as matplotlib ships it: the same letters on every machine.

Letters that it does not have, such as Chinese ones, come from a font of this machine that has them; where there is
none they are shown as a white square.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

__all__ = ["FAMILY", "MISSING", "fallback_families", "font_file", "printable", "text_width"]

FAMILY = "DejaVu Sans"
MISSING = "\N{WHITE SQUARE}"

_BROAD = (
    "CJK",
    "Source Han",
    "WenQuanYi",
    "YaHei",
    "PingFang",
    "Hiragino",
    "Droid Sans Fallback",
    "Unicode",
    "Unifont",
)
"""Parts of the names of fonts that hold many scripts; they are looked into first."""
_NO_LETTERS = ("Last Resort", "DejaVu", "STIX", "cm")


def font_file(text: str = "", *, bold: bool = False) -> str:
    """Path of DejaVu Sans, or of a font of this machine that has the letters of `text` that it lacks."""
    other = next((found for found in map(_fallback, text) if found), None)
    if other:
        return other.fname
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return str(folder / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))


def fallback_families(texts: Iterable[str]) -> list[str]:
    """Names of the other fonts of this machine that are needed to write the texts."""
    return list(dict.fromkeys(found.name for text in texts for found in map(_fallback, text) if found))


def printable(text: str, longest: int = 40) -> str:
    """`text` on one line in letters that a font has, the middle of long ones left out."""
    line = "".join(char if char.isprintable() and (_has_glyph(char) or _fallback(char)) else MISSING for char in text)
    half = (longest - 1) // 2
    return line if len(line) <= longest else f"{line[: longest - 1 - half]}…{line[-half:]}"


def text_width(text: str, size: float) -> float:
    """Inches that a printable line of text takes up at a size in points; a letter of another font counts as square."""
    line = printable(text)
    font = _font()
    font.set_size(size, 72)
    font.set_text("".join(char for char in line if _has_glyph(char)))
    others = sum(not _has_glyph(char) for char in line)
    return float(font.get_width_height()[0] / 64 / 72) + others * size / 72


@cache
def _font() -> FT2Font:
    return font_manager.get_font(font_file())


def _has_glyph(char: str) -> bool:
    return bool(_font().get_char_index(ord(char)))


@cache
def _fallback(char: str) -> font_manager.FontEntry | None:
    """The first font of this machine that has a letter which DejaVu Sans lacks."""
    if _has_glyph(char) or not char.isprintable():
        return None
    return next((entry for entry in _others() if _holds(entry.fname, char)), None)


@cache
def _others() -> list[font_manager.FontEntry]:
    """Upright fonts of medium weight that are no font of matplotlib's own, those of many scripts first."""
    found = [
        entry
        for entry in font_manager.fontManager.ttflist
        if entry.style == "normal" and entry.weight in (400, "normal") and not entry.name.startswith(_NO_LETTERS)
    ]
    return sorted(found, key=lambda entry: (not any(part in entry.name for part in _BROAD), entry.name, entry.fname))


@cache
def _holds(file: str, char: str) -> bool:
    try:
        return bool(font_manager.get_font(file).get_char_index(ord(char)))
    except (OSError, RuntimeError):  # a font that was uninstalled, or is damaged
        return False
