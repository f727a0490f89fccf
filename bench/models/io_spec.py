"""How a model from elsewhere is called: one declaration for every adapter, and part of its signature."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bench.errors import UsageError

__all__ = ["OPTIONS", "RANGES", "IOSpec", "parse_io_spec"]

RANGES = {"0-1": (0.0, 1.0), "-1-1": (-1.0, 1.0), "0-255": (0.0, 255.0)}
"""Black and white of the value ranges that a picture may have."""


@dataclass(frozen=True)
class IOSpec:
    """What a model from elsewhere is given and what it gives back.

    Attributes:
        range: values of the pictures that it is given, a name of RANGES.
        output: values of the pictures that it returns; empty for the same as `range`.
        hole: the mask's value at a missing pixel, 1 or 0; known pixels have the other one.
        fill: what the picture holds at a missing pixel, as a grey in [0, 1] whatever the range.
        multiple: its height and width must be multiples of this; pictures are padded, by mirroring, below and right.
        size: the only (height, width) that it takes; smaller pictures are padded, larger ones cut into tiles that
            overlap by a quarter at least and are blended linearly. None for any size.
        batch: how many pictures it is given at once. Only with 1 is the fill of a picture sure not to depend on others.
        composite: whether the known pixels are put back over its output before anything looks at it.
        clip: whether values up to a quarter outside `output` are clipped instead of refused.
        version: any text; another text is another fingerprint, for changes that the adapter cannot see.
    """

    range: str = "0-1"
    output: str = ""
    hole: int = 1
    fill: float = 0.0
    multiple: int = 1
    size: tuple[int, int] | None = None
    batch: int = 1
    composite: bool = False
    clip: bool = False
    version: str = ""

    @property
    def signature(self) -> str:
        """All of it in one line, e.g. `range:0-1|output:0-1|hole:1|fill:0|size:pad-8|batch:1|composite:no|clip:no`."""
        size = f"pad-{self.multiple}" if self.multiple > 1 else "any"
        if self.size is not None:
            size = f"tile-{self.size[0]}x{self.size[1]}"
        parts = {
            "range": self.range,
            "output": self.output or self.range,
            "hole": self.hole,
            "fill": f"{self.fill:g}",
            "size": size,
            "batch": self.batch,
            "composite": "yes" if self.composite else "no",
            "clip": "yes" if self.clip else "no",
        }
        return "|".join(f"{key}:{value}" for key, value in parts.items()) + (f"|v:{self.version}" * bool(self.version))


OPTIONS = tuple(field.name for field in fields(IOSpec))
"""Names of everything that can be declared."""


def parse_io_spec(
    subject: str,
    options: Mapping[str, Any],
    allowed: Iterable[str] = OPTIONS,
    extra: Iterable[str] = (),
    **defaults: Any,
) -> IOSpec:
    """The IOSpec that the options of a model's name declare.

    Args:
        subject: the model, for messages.
        options: as in `torchscript:FILE?range=0-255&hole=1&multiple=8`, by name; numbers and true/false as such.
        allowed: the names that make sense for this adapter.
        extra: names that the adapter reads itself, for the hint in messages.
        defaults: what differs from the defaults of IOSpec for this adapter.

    Raises:
        UsageError: for an unknown name or a value that the option cannot have.
    """
    allowed = tuple(allowed)
    values = dict(defaults)
    for key, value in options.items():
        if key not in allowed:
            known = sorted({*allowed, *extra})
            near = difflib.get_close_matches(key, known, n=1)
            fix = f"Did you mean {near[0]}?" if near else f"It may be {', '.join(known)}."
            raise UsageError(f"option '{key}' of model '{subject}'", "be one that the model has", "no such option", fix)
        must, read = _READERS[key]
        try:
            values[key] = read(value)
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"option '{key}' of model '{subject}'", f"be {must}", repr(value)) from error
    return IOSpec(**values)


def _range(value: Any) -> str:
    if value not in RANGES:
        raise ValueError(value)
    return str(value)


def _polarity(value: Any) -> int:
    if type(value) is not int or value not in (0, 1):
        raise ValueError(value)
    return value


def _grey(value: Any) -> float:
    if isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(value)
    return float(value)


def _count(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(value)
    return value


def _size(value: Any) -> tuple[int, int]:
    height, cross, width = str(value).partition("x")
    size = (int(height), int(width) if cross else int(height))
    if min(size) < 1:
        raise ValueError(value)
    return size


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(value)
    return value


_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "range": (f"one of {', '.join(RANGES)}", _range),
    "output": (f"one of {', '.join(RANGES)}", _range),
    "hole": ("1 or 0, the mask's value at a missing pixel", _polarity),
    "fill": ("a grey from 0 (black) to 1 (white)", _grey),
    "multiple": ("a whole number of at least 1", _count),
    "size": ("pixels: 512 (square) or 256x512 (height x width)", _size),
    "batch": ("a whole number of at least 1", _count),
    "composite": ("true or false", _boolean),
    "clip": ("true or false", _boolean),
    "version": ("a text", str),
}
