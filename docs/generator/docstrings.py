"""Griffe extension: an entry of a docstring that describes several names becomes an entry for each of them."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

__all__ = ["SeveralNames"]

_ENTRY = re.compile(r"^( {4,})(\w+(?:, \w+)+): (.*(?:\n\1 +\S.*)*)", re.MULTILINE)


class SeveralNames(Extension):
    """`height, width: of the hole, in pixels` documents both parameters."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of an object that was loaded."""
        if obj.docstring is not None:
            obj.docstring.value = _ENTRY.sub(_apart, obj.docstring.value)


def _apart(match: re.Match[str]) -> str:
    indent, names, text = match.groups()
    return "\n".join(f"{indent}{name}: {text}" for name in names.split(", "))
