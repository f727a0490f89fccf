"""The terminal that stdout is connected to, and grids of text that fit into it."""

from __future__ import annotations

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "GridColumn",
    "GridText",
    "Screen",
    "Style",
    "draw_grid",
    "fitting",
    "paragraph",
    "screen_of_stdout",
    "styled",
]

Style = Literal["", "bold", "dim", "green", "bold green", "bold red", "yellow", "underline"]

_GAP = 2
_ENDLESS = 10_000
_NARROWEST = 20
_WIDEST_NAME = 0.4
_ASCII = str.maketrans(
    {
        "\N{UPWARDS ARROW}": "^",
        "\N{DOWNWARDS ARROW}": "v",
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{EN DASH}": "-",
        "\N{INFINITY}": "inf",
    }
)


@dataclass(frozen=True)
class Screen:
    """What a terminal can show.

    Attributes:
        width: in characters.
        colour: whether it shows colours and bold text.
        unicode: whether it shows more than ASCII.
    """

    width: int = 80
    colour: bool = False
    unicode: bool = True

    def text(self, text: str) -> str:
        """One line that moves no cursor, in characters that the terminal has."""
        line = "".join(char if char.isprintable() else " " for char in text)
        return line if self.unicode else line.translate(_ASCII).encode("ascii", "replace").decode("ascii")


@dataclass(frozen=True)
class GridText:
    """A text with its style."""

    text: str
    style: Style = ""


@dataclass(frozen=True)
class GridColumn:
    """A column of a grid.

    Attributes:
        title: of the first line of the heading.
        second: of its second line.
        left: whether it is words, set to the left.
    """

    title: str
    second: str = ""
    left: bool = False


def screen_of_stdout() -> Screen | None:
    """The terminal that stdout writes to; None for a pipe or a file."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    console = Console()
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    colour = console.color_system is not None and "NO_COLOR" not in os.environ
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    return Screen(width, colour, encoding.startswith(("utf8", "utf16")))


def fitting(
    columns: Sequence[GridColumn],
    rows: Sequence[Sequence[GridText]],
    screen: Screen,
    fixed: Sequence[int],
    wanted: Sequence[int],
) -> list[int]:
    """The places of the columns that fit beside one another.

    Args:
        columns, rows: of the grid.
        screen: the terminal.
        fixed: places of columns that are always shown.
        wanted: places of the others, the most important first; one of them is always shown.
    """
    widths = [max(map(len, map(screen.text, _texts(column, rows, place)))) for place, column in enumerate(columns)]
    widths[0] = min(widths[0], _widest_name(screen))
    shown, used = list(fixed), sum(widths[place] + _GAP for place in fixed) - _GAP
    for count, place in enumerate(wanted):
        used += widths[place] + _GAP
        if used > screen.width and count:
            break
        shown.append(place)
    return sorted(shown)


def _texts(column: GridColumn, rows: Sequence[Sequence[GridText]], place: int) -> list[str]:
    return [column.title, column.second, *(row[place].text for row in rows)]


def _widest_name(screen: Screen) -> int:
    return int(screen.width * _WIDEST_NAME)


def draw_grid(columns: Sequence[GridColumn], rows: Sequence[Sequence[GridText]], screen: Screen) -> str:
    """The rows under their headings; names in the first column that are too long lose their middle."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim", show_edge=False)
    for column in columns:
        heading = "\n".join(filter(None, (screen.text(column.title), screen.text(column.second))))
        grid.add_column(Text(heading), justify="left" if column.left else "right", no_wrap=True)
    widest = _widest_name(screen)
    for row in rows:
        texts = [screen.text(cell.text) for cell in row]
        texts[0] = _cut(texts[0], widest)
        grid.add_row(*(Text(text, cell.style) for text, cell in zip(texts, row, strict=True)))
    console = _console(screen)
    console.print(grid)
    return "".join(f"{line.rstrip()}\n" for line in _printed(console).splitlines())


def _cut(name: str, width: int) -> str:
    """A name whose middle is left out if it is too long: names often differ at their end."""
    tail = (width - 2) // 2
    return name if len(name) <= width else f"{name[: width - 2 - tail]}..{name[-tail:]}"


def paragraph(text: str, screen: Screen, indent: str = "") -> str:
    """A text in lines of at most the terminal's width, all but the first indented."""
    width = max(screen.width, len(indent) + _NARROWEST)
    lines = textwrap.wrap(
        screen.text(text),
        width,
        subsequent_indent=indent,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    )
    return "".join(f"{line}\n" for line in lines)


def styled(text: str, style: Style, screen: Screen) -> str:
    """The lines of a text as the terminal shows them in a style."""
    from rich.text import Text

    lines = []
    for line in text.splitlines():
        console = _console(screen)
        console.print(Text(screen.text(line), style), end="")
        lines.append(_printed(console))
    return "\n".join(lines)


def _console(screen: Screen) -> Console:
    from rich.console import Console

    return Console(
        file=io.StringIO(),
        width=_ENDLESS,
        color_system="standard" if screen.colour else None,
        force_terminal=screen.colour,
        no_color=not screen.colour,
        legacy_windows=False,
        soft_wrap=True,
        highlight=False,
    )


def _printed(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)  # noqa: S101 (as `_console` made it)
    return file.getvalue()
