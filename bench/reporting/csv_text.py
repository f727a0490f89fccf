"""Frames as CSV that a spreadsheet opens without computing anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["csv_text"]

_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf")


def csv_text(frame: pd.DataFrame) -> str:
    """A frame as CSV with a header and without its index.

    A text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line end) gets a
    `'` in front, which spreadsheets hide; numbers such as `-0.5` stay as they are.
    """
    plain = frame.rename(columns=_plain)
    for place, kind in enumerate(plain.dtypes):
        if kind.kind == "O":
            texts = np.empty(len(plain), object)  # not `Series.map`, which makes floats of whole numbers beside gaps
            texts[:] = [_plain(value) for value in plain.iloc[:, place]]
            plain.isetitem(place, texts)
    return str(plain.to_csv(index=False, lineterminator="\n"))


def _plain(value: object) -> object:
    """The value; a text that could be a formula gets a `'`, and its line ends are LF, as those of the file."""
    if isinstance(value, str):
        value = value.replace("\r\n", "\n").replace("\r", "\n")  # pandas does not quote CR, which ends a row
    is_formula = isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value
