"""Words on pictures, in the font that matplotlib ships: the same letters on every machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PIL import ImageDraw, ImageFont

from bench.reporting.fonts import font_file, printable

__all__ = ["TextStyle"]

_LONGEST = 120


@dataclass(frozen=True)
class TextStyle:
    """One size and weight of type, in pixels."""

    size: int
    bold: bool = False

    @property
    def leading(self) -> int:
        """From one line to the next."""
        return round(self.size * 1.3)

    def width(self, text: str) -> int:
        """Of a line."""
        return math.ceil(_font(self, font_file(text, bold=self.bold)).getlength(text))

    def wrapped(self, text: str, width: int, most: int) -> list[str]:
        """Up to `most` lines of at most `width` pixels, broken after separators where it can be; the rest is cut."""
        lines = [line for part in text.split("\n") for line in self._broken(printable(part, _LONGEST), width)]
        return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1][:-1] + "…"]

    def _broken(self, text: str, width: int) -> list[str]:
        lines = [""]
        for char in text:
            if self.width(lines[-1] + char) > width:
                cut = max(lines[-1].rfind(separator) for separator in "-_/: .") + 1
                if cut <= len(lines[-1]) // 3:
                    cut = len(lines[-1])
                lines[-1:] = [lines[-1][:cut], lines[-1][cut:]]
            lines[-1] += char
        return lines

    def write(
        self,
        draw: ImageDraw.ImageDraw,
        lines: Sequence[str],
        place: tuple[float, float],
        anchor: str = "ma",
        ink: tuple[int, int, int] = (20, 20, 20),
    ) -> None:
        """Draw lines under one another; `place` and `anchor` (as in Pillow) are of the first."""
        for index, line in enumerate(lines):
            font = _font(self, font_file(line, bold=self.bold))
            draw.text((place[0], place[1] + index * self.leading), line, ink, font, anchor=anchor)


@cache
def _font(style: TextStyle, file: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, style.size, layout_engine=ImageFont.Layout.BASIC)
