"""One look for all plots: colours, markers, fonts, and files that are equal when the figures are."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.records import write_atomically
from bench.reporting.fonts import FAMILY, MISSING, fallback_families, printable, text_width

if TYPE_CHECKING:
    from matplotlib.axis import Axis

__all__ = [
    "MAX_WIDTH",
    "Look",
    "add_note",
    "look",
    "names_width",
    "new_figure",
    "note_missing_letters",
    "plain_ticks",
    "save",
    "styled",
]

MAX_WIDTH = 12.0
"""Inches."""

_DPI = 200
_LONG_AXIS = 60  # times its start: more labels than one a decade would run into one another

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
"""Okabe and Ito, "Color Universal Design" (2008), the yellow darkened to be seen as a line on white."""

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", "*", ">", "p")
_LINES = ("-", "--", ":")
_HATCHES = ("", "////", "....")

_STYLE: dict[Any, Any] = {
    "font.family": FAMILY,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "text.parse_math": False,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
}


@dataclass(frozen=True)
class Look:
    """How a model is drawn, in every plot alike."""

    color: str
    marker: str
    linestyle: str

    @property
    def bar(self) -> dict[str, Any]:
        """The same for a bar, which has no marker: later rounds of colours are hatched."""
        hatch = _HATCHES[_LINES.index(self.linestyle)]
        return {"color": self.color, "hatch": hatch, "edgecolor": "white" if hatch else self.color, "linewidth": 0}


def look(index: int) -> Look:
    """The look of the model at `index` of the run: 8 colours by 11 markers repeat after 88 models."""
    line = _LINES[index // len(_COLOURS) % len(_LINES)]
    return Look(_COLOURS[index % len(_COLOURS)], _MARKERS[index % len(_MARKERS)], line)


@contextmanager
def styled(names: Iterable[str] = ()) -> Iterator[None]:
    """Draw and save inside: the style of this module and nothing of the user's own settings.

    Args:
        names: texts from the records, for whose letters another font may be needed.
    """
    others = fallback_families(names)
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        if others:  # as outlines, since not every kind of font file can be put into a PDF
            mpl.rcParams.update({"font.family": [FAMILY, *others], "pdf.fonttype": 3})
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches, at most 12 wide (2400 pixels), without any global state."""
    figure = Figure(figsize=(min(width, MAX_WIDTH), height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def add_note(figure: Figure, text: str) -> None:
    """Small type along the lower edge, wrapped to the width of the figure."""
    lines = textwrap.fill(text, max(20, int(figure.get_figwidth() * 17)))
    figure.supxlabel(lines, x=0.01, ha="left", fontsize=7.5, color="#444444")


def note_missing_letters(figure: Figure, names: Iterable[str]) -> None:
    """Say under a figure what its white squares are, if a name has letters that no font of this machine has."""
    if any(MISSING in printable(name, len(name) + 1) and MISSING not in name for name in names):
        text = " ".join(figure.get_supxlabel().split())
        add_note(figure, f"{text} {MISSING}: a letter that no font of this machine has.".strip())


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write `<stem>.png` at 200 dots an inch and `<stem>.pdf`, without dates, and return the paths."""
    figure.set_dpi(_DPI)
    layout = figure.get_layout_engine()
    if layout is not None:  # found once, without drawing anything, and the same in both files
        layout.execute(figure)
        figure.set_layout_engine(None)
    written = []
    for suffix, metadata in (("png", {"Software": None}), ("pdf", {"CreationDate": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, dpi=_DPI, metadata=metadata)
        path = stem.with_name(f"{stem.name}.{suffix}")
        write_atomically(path, buffer.getvalue())
        written.append(path)
    return written


def names_width(names: Iterable[str]) -> float:
    """Inches that the widest of the names takes up beside an axis."""
    return max((text_width(name, _STYLE["ytick.labelsize"]) for name in names), default=0.0)


def plain_ticks(axis: Axis) -> None:
    """1, 2, 5, 10, ... in plain digits on a logarithmic axis with its data; 1, 10, 100, ... on a long one.

    Where fewer than two of these lie on the axis, round numbers at equal steps.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

    low, high = axis.get_view_interval()
    steps = (1.0, 2.0, 5.0) if high / low < _LONG_AXIS else (1.0,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    if sum(low <= step * 10.0**decade <= high for decade in decades for step in steps) < 2:
        axis.set_major_locator(MaxNLocator(4))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
