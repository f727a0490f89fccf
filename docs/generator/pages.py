"""Which pages are generated, from what."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from docs.generator import catalogues, command_line, layers, schemas

__all__ = ["PAGES", "PARTS", "ROOT", "metrics_page", "rendered", "with_part"]

ROOT = Path(__file__).parents[2]


def metrics_page() -> str:
    """The page of all metrics, rendered from their definitions."""
    from bench.metrics.page import render

    return render()


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/command-line.md": command_line.page,
    "docs/reference/metrics.md": metrics_page,
    "docs/explanation/layers.svg": lambda: layers.picture(ROOT / "pyproject.toml"),
}
"""Files that are generated whole."""

PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "docs/reference/data-sets.md": {"data sets": catalogues.datasets},
    "docs/reference/files.md": {"schemas": schemas.tables},
    "docs/reference/gate.md": {"tolerances": catalogues.gate_tolerances, "margins": catalogues.gate_margins},
    "docs/reference/judges.md": {"judges": catalogues.judges},
    "docs/reference/models.md": {"models": catalogues.models, "acceleration": catalogues.acceleration},
    "docs/reference/suites.md": {"keys": catalogues.suite_keys, "suites": catalogues.suites},
    "docs/reference/training.md": {"recipes": catalogues.recipes},
}
"""Pages written by hand, with generated parts between `<!-- generated: NAME -->` and `<!-- end of NAME -->`."""


def with_part(text: str, name: str, part: str) -> str:
    """The page `text` with `part` between the marks of `name`; raises ValueError when the marks are not there once."""
    start, end = f"<!-- generated: {name} -->\n", f"<!-- end of {name} -->\n"
    pattern = re.escape(start) + ".*?" + re.escape(end)
    new, count = re.subn(pattern, lambda _: f"{start}\n{part.strip()}\n\n{end}", text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"page must have the marks of {name!r} once; found them {count} times")
    return new


def rendered() -> dict[str, str]:
    """Every generated file by its path below the repository's root: the text that it must hold."""
    texts = {path: render() for path, render in PAGES.items()}
    for path, parts in PARTS.items():
        texts[path] = (ROOT / path).read_text(encoding="utf-8")
        for name, render in parts.items():
            texts[path] = with_part(texts[path], name, render())
    return texts
