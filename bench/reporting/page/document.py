"""The page: its templates filled in, and written."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from bench.records import write_atomically
from bench.records.profile import Profile
from bench.reporting.analysis import RunAnalysis
from bench.reporting.formatting import NOTHING
from bench.reporting.page.gallery import gallery_data
from bench.reporting.page.header import page_header
from bench.reporting.page.pictures import PagePictures
from bench.reporting.page.plots import embedded_plots
from bench.reporting.page.summary import page_summary
from bench.reporting.page.tables import page_tables, sort_value
from bench.reporting.tables.main_table import build_main_table
from bench.reporting.tables.model import ORACLE_NOTE
from bench.reporting.tables.published import PUBLISHED_TITLE
from bench.reporting.templating import Markup, html_environment, script_json

__all__ = ["write_page"]

_SCRIPTS = (
    "dom.js",
    "tables.js",
    "errors.js",
    "labels.js",
    "viewer.js",
    "classes.js",
    "gallery.js",
    "links.js",
    "cases.js",
    "start.js",
)


def write_page(
    analysis: RunAnalysis, tables: Sequence[Path] = (), plots: Sequence[Path] = (), profile: Profile | None = None
) -> Path:
    """Write `report.html` and return its path; the same records and files give the same bytes.

    Args:
        analysis: of the run.
        tables: files `<name>.csv`, `.tex` and `.md`, for the copy buttons of the table `<name>`.
        plots: files to show, those that are PNG.
        profile: what the models cost, if it is known.
    """
    pictures = PagePictures(analysis.run)
    main = build_main_table(analysis)
    data = gallery_data(analysis, main.columns, pictures) | {"files": _texts(tables)}
    style = _read("style/page.css")
    script = "".join(_read(f"scripts/{name}") for name in _SCRIPTS)
    policy = f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    text = (
        html_environment("bench.reporting.page")
        .get_template("page.html.jinja")
        .render(
            policy=Markup(policy),
            style=Markup(style),
            script=Markup(script),
            header=page_header(analysis),
            summary=page_summary(analysis),
            signatures=main.signatures,
            tables=page_tables(analysis, set(data["files"]), profile),
            sort_value=sort_value,
            nothing=NOTHING,
            oracle_note=ORACLE_NOTE,
            published_title=PUBLISHED_TITLE,
            plots=embedded_plots(plots),
            precision=pictures.precision,
            data=script_json(data),
            pictures=pictures.encoded(),
        )
    )
    path = analysis.run.layout.out / "report.html"
    write_atomically(path, text)
    return path


def _read(name: str) -> str:
    return (files("bench.reporting.page") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a content security policy knows an inline style or script by; without it the browser refuses to use it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _texts(tables: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Name of a table to its text by suffix."""
    texts: dict[str, dict[str, str]] = {}
    for path in tables:
        texts.setdefault(path.stem, {})[path.suffix[1:]] = path.read_text(encoding="utf-8")
    return texts
