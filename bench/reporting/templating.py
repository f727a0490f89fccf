"""Jinja2 templates of HTML: text that is put into them is escaped, and its control characters are replaced."""

from __future__ import annotations

import html
import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

__all__ = ["Markup", "html_environment", "script_json"]


def html_environment(package: str) -> Environment:
    """The templates in the folder `templates` of a package, e.g. `bench.reporting.page`.

    Everything that a template prints is escaped, unless it is Markup; a name that is not defined is an error.
    """
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def script_json(value: Any) -> Markup:
    """JSON to stand inside a script element: nothing in it ends the element or opens a comment."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def _escaped(value: object) -> Markup:
    """A value as HTML text; a control character becomes U+FFFD, which no parser reads as anything else."""
    if isinstance(value, Markup):
        return value
    shown = (char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in str(value))
    return Markup(html.escape("".join(shown)))  # noqa: S704
