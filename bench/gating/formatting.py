"""Numbers and names in words, and names made harmless for terminals, Markdown and XML."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence

__all__ = ["change", "harmless", "interval", "markdown_text", "number", "p_value", "some", "xml_text"]

_DECIMALS = {"dB": 3, "%": 3, "dE": 3}


def number(value: float | None, unit: str = "") -> str:
    """`21.340 dB`; without a unit in four decimals; `-` for None."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return ("" if value > 0 else "-") + "inf" + (f" {unit}" if unit else "")
    return f"{value:.{_DECIMALS.get(unit, 4)}f}" + (f" {unit}" if unit else "")


def change(value: float | None, unit: str = "") -> str:
    """As `number`, with its sign."""
    text = number(value, unit)
    return text if value is None or value < 0 or text == "-" else f"+{text}"


def interval(ends: tuple[float, float] | None, unit: str = "") -> str:
    """`[-0.310, -0.170]`; `-` for None."""
    decimals = _DECIMALS.get(unit, 4)
    return "-" if ends is None else f"[{ends[0]:+.{decimals}f}, {ends[1]:+.{decimals}f}]"


def p_value(p: float | None) -> str:
    """`0.013`, or `<0.001`."""
    return "-" if p is None else "<0.001" if p < 0.0005 else f"{p:.3f}"


def some(names: Sequence[str], count: int = 5) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(map(harmless, names[:count]))
    return f"{shown} and {len(names) - count} more" if len(names) > count else shown


def harmless(text: str) -> str:
    """One line that moves no cursor: control characters, lone surrogates and line ends become spaces."""
    return "".join(char if char.isprintable() else " " for char in text)


def markdown_text(text: str) -> str:
    """Any text as itself, in a table cell too: no markup, HTML, link, mention or column comes out of it."""
    line = re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", html.escape(harmless(text), quote=False))
    return re.sub(r"(?<!\w)@", "&#64;", line)


def xml_text(text: str) -> str:
    """Only characters that XML 1.0 can hold; escaping them is the writer's business."""
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)
