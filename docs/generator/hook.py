"""MkDocs hook: files of the repository outside docs/, and a check that the site loads nothing from a network."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

__all__ = ["on_files", "on_page_markdown", "on_post_build"]

ROOT = Path(__file__).parents[2]
ROOT_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md"}
"""Pages of the repository's root, and where they stand in the site."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_REMOTE_ASSET = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\ssrc=["']?https?:|<link\b[^>]*rel=["']?"""
    r"""(?:stylesheet|preconnect|preload|icon)["']?[^>]*href=["']?https?:|url\(["']?https?:"""
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the root's pages, and the pictures outside docs/ that pages show."""
    for source, target in ROOT_PAGES.items():
        files.append(File.generated(config, target, abs_src_path=str(ROOT / source)))
    pictures = {
        picture
        for page in files.documentation_pages()
        for picture in _pictures(_source(page.src_uri), Path(page.abs_src_path or "").read_text(encoding="utf-8"))
    }
    for picture in sorted(pictures):
        files.append(File.generated(config, f"repository/{picture}", abs_src_path=str(ROOT / picture)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 (MkDocs's names)
    """Lead every link of the repository to its place in the site; what is not in the site is named by its path."""
    source = _source(page.file.src_uri)

    def replaced(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        path, hash_sign, anchor = target.partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return match[0]
        place = _place(posixpath.normpath(posixpath.join(posixpath.dirname(source), path)), bool(mark))
        if place is None:
            return f"{text} (`{posixpath.normpath(posixpath.join(posixpath.dirname(source), path))}`)"
        link = posixpath.relpath(place, posixpath.dirname(page.file.src_uri) or ".")
        return f"{mark}[{text}]({link}{hash_sign}{anchor})"

    return _outside_code(markdown, replaced)


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site that loads anything from elsewhere."""
    for file in sorted(Path(config.site_dir).rglob("*")):
        if file.suffix in (".html", ".css"):
            found = _REMOTE_ASSET.search(file.read_text(encoding="utf-8"))
            if found:
                raise PluginError(f"{file} must load nothing from a network; found {found[0]!r}.")


def _source(site_path: str) -> str:
    """Path below the repository's root of a page of the site."""
    return next((source for source, target in ROOT_PAGES.items() if target == site_path), f"docs/{site_path}")


def _place(path: str, picture: bool) -> str | None:
    """Path below the site's root of a file of the repository, or None where the site does not have it."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return ROOT_PAGES.get(path) or (f"repository/{path}" if picture else None)


def _pictures(source: str, markdown: str) -> set[str]:
    targets = [match[3] for match in _LINK.finditer(markdown) if match[1] and "://" not in match[3]]
    paths = {posixpath.normpath(posixpath.join(posixpath.dirname(source), target)) for target in targets}
    return {path for path in paths if not path.startswith("docs/")}


def _outside_code(markdown: str, replaced: object) -> str:
    """`markdown` with its links replaced, but for fenced blocks."""
    parts = re.split(r"(^ *```.*?^ *```$)", markdown, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.lstrip().startswith("```") else _LINK.sub(replaced, part) for part in parts)  # type: ignore[call-overload]
