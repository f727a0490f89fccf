"""The page put together from its parts, and written."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from bench.records import Run, write_atomically
from bench.records.profile import Profile
from bench.reporting.naming import dataset_title
from bench.reporting.page.figures import figures
from bench.reporting.page.gallery import gallery_data
from bench.reporting.page.heading import heading
from bench.reporting.page.markup import Markup, join, script_json, tag
from bench.reporting.page.pictures import Pictures
from bench.reporting.page.scoreboard import scoreboard
from bench.reporting.table import build_table

__all__ = ["write_page"]

_SCRIPTS = (
    "dom.js",
    "tables.js",
    "errors.js",
    "labels.js",
    "viewer.js",
    "classes.js",
    "gallery.js",
    "cases.js",
    "start.js",
)


def write_page(
    run: Run, tables: Sequence[Path] = (), plots: Sequence[Path] = (), profile: Profile | None = None
) -> Path:
    """Write `report.html` and return its path; the same records and files give the same bytes.

    Args:
        run: what was run.
        tables: files `<name>.csv`, `.tex` and `.md`, for the copy buttons of the table `<name>`.
        plots: files to show, those that are PNG.
        profile: what the models cost, if it is known.
    """
    pictures = Pictures(run)
    columns = build_table(run).columns
    data = gallery_data(run, columns, pictures) | {"files": _texts(tables)}
    style, script = _part("page.css"), "".join(map(_part, _SCRIPTS))
    text = Template(_part("page.html")).substitute(
        policy=f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
        title=join([dataset_title(run)]),
        style=style,
        heading=heading(run),
        scoreboard=scoreboard(run, set(data["files"]), profile),
        figures=figures(plots),
        precision=join([pictures.precision]),
        data=script_json(data),
        pictures=_blocks(pictures),
        script=script,
    )
    path = run.layout.out / "report.html"
    write_atomically(path, text)
    return path


def _part(name: str) -> str:
    return (files("bench.reporting.page") / "parts" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a content security policy knows an inline style or script by; without it the browser refuses to use it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _texts(tables: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Name of a table to its text by suffix."""
    texts: dict[str, dict[str, str]] = {}
    for path in tables:
        texts.setdefault(path.stem, {})[path.suffix[1:]] = path.read_text(encoding="utf-8")
    return texts


def _blocks(pictures: Pictures) -> Markup:
    """Base64 in script elements of no language: the browser reads over them until one is asked for."""
    return join(tag("script", Markup(code), type="text/plain", id=key) for key, code in pictures.encoded())
