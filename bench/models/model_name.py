"""How a model is named on the command line: `TITLE=BASE?KEY=VALUE&KEY=VALUE`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from bench.registry import parse_options
from bench.strict_json import parse_json

__all__ = ["ModelName"]

_RESERVED = ("name", "device", "dataset", "isolated")


@dataclass(frozen=True)
class ModelName:
    """The parts of a model's name.

    Attributes:
        title: name for the tables, or empty. It ends at the first `=` before any `?` or `:`.
        base: name of the catalogue (`telea`), or a scheme with its argument (`folder:DIR`).
        query: the options as written, `radius=5&mode=fast`, or empty.
        options: the same by key; numbers, true and false as such, everything else as text.
    """

    title: str
    base: str
    query: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Split a name; raises UsageError for an option that is not KEY=VALUE. The catalogue is not asked."""
        title, equals, rest = text.partition("=")
        if not equals or {"?", ":"} & set(title):
            title, rest = "", text
        base, _, query = rest.partition("?")
        options = parse_options("model", rest, query, _RESERVED, "For example ?radius=5.")
        return cls(title, base, query, {key: _literal(value) for key, value in options.items()})

    @property
    def untitled(self) -> str:
        """The name without its title."""
        return f"{self.base}?{self.query}" if self.query else self.base


def _literal(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return text
