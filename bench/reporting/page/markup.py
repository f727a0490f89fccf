"""HTML that cannot be broken by what is put into it: text is escaped unless it was made here."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

__all__ = ["Markup", "join", "name", "script_json", "tag"]

_VOID = {"br", "img", "input", "link", "meta"}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(element: str, *children: str, **attributes: str | int | bool | None) -> Markup:
    """An element; children that are not Markup are text.

    Args:
        element: its name.
        children: in order.
        attributes: `class_` is `class` and `data_key` is `data-key`; True stands without a value, False and None are
            left out.
    """
    words = [
        element,
        *(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False),
    ]
    opening = f"<{' '.join(words)}>"
    return Markup(opening if element in _VOID else f"{opening}{join(children)}</{element}>")


def join(children: Iterable[str]) -> Markup:
    """Several children after one another."""
    return Markup("".join(child if isinstance(child, Markup) else _escape(child) for child in children))


def name(text: str) -> Markup:
    """Somebody's name for something: whatever direction it is written in, it turns no neighbour around."""
    return tag("bdi", text)


def script_json(value: Any) -> Markup:
    """JSON to stand inside a script element: nothing in it ends the element or opens a comment."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _attribute(key: str, value: str | int | bool | None) -> str:
    word = key.removesuffix("_").replace("_", "-")
    return word if value is True else f'{word}="{_escape(str(value))}"'


def _escape(text: str) -> str:
    return html.escape(
        "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)
    )
