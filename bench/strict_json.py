"""JSON of others, read as strictly as it is written here: what a parser would let pass or choose from is refused."""

from __future__ import annotations

import json
import math
import re
from typing import Any

__all__ = ["parse_json", "parse_lines"]

_MOST_DIGITS = 20
"""Of a whole number; those of 64 bits have as many."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON document.

    Args:
        text: of the document; bytes are UTF-8.

    Raises:
        ValueError: the text is no JSON, names a key of an object twice, holds `NaN` or `Infinity`, a number that no
            double can hold, a whole number of more than 20 digits, half a surrogate pair, or is nested too deeply.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    try:
        found = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _SURROGATE.search(text):
        _check_surrogates(found)
    return found


def parse_lines(text: str) -> list[Any]:
    """The values of JSON documents, one a line, of files whose content is guarded by a checksum.

    All lines are parsed as one array, in three quarters of the time that they take one by one, and keys that stand
    twice are not looked for.

    Raises:
        ValueError: unless every line is one whole document.
    """
    lines = text.removesuffix("\n")  # not splitlines, which would also split at U+0085
    try:
        found: list[Any] = json.loads("[" + lines.replace("\n", ",") + "]")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if len(found) != lines.count("\n") + 1:
        raise ValueError("a line that holds something else than one record")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise ValueError(f"the key {twice[:60]!r} twice in one object")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def _number(digits: str) -> float:
    found = float(digits)
    if math.isinf(found):
        raise ValueError(f"the number {digits[:60]}, which is too large")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name}, which is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_whole, parse_float=_number, parse_constant=_refuse)


def _check_surrogates(value: Any) -> None:
    """Raise ValueError for a text that holds half a pair: it could not be written or printed again."""
    queue = [value]
    while queue:
        one = queue.pop()
        if isinstance(one, dict):
            queue += [*one, *one.values()]
        elif isinstance(one, list):
            queue += one
        elif isinstance(one, str):
            one.encode()  # UnicodeEncodeError is a ValueError
