"""The fenced blocks of the pages, and how each is run.

A block of `sh` or `python` without a title runs, in the order of its page. A title that is the name of a file makes
the block that file. Any other title is one of `REASONS`: readers see it above the block, and the block does not run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import typer

from bench.cli import app

__all__ = ["PAGES", "REASONS", "ROOT", "Block", "arguments_of", "blocks", "lines_of", "options_in_text", "parameters"]

ROOT = Path(__file__).parents[2]
REASONS = (
    "Set-up",
    "Needs a download",
    "Needs a GPU",
    "Needs files of your own",
    "Needs a browser",
    "Takes minutes",
    "Takes hours",
)
"""Why a block of the pages does not run in a test."""

PAGES = tuple(
    path.relative_to(ROOT).as_posix()
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    if path.name != "CHANGELOG.md"
)
_FENCE = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"[\w./-]+\.\w+")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: path below the root.
        line: of its first fence, from 1.
        language: `sh`, `python`, `yaml` ...
        title: what stands above it, or the empty text.
        code: without fences.
    """

    page: str
    line: int
    language: str
    title: str
    code: str

    @property
    def is_file(self) -> bool:
        """Whether the block is the text of a file that later blocks use."""
        return bool(_FILE.fullmatch(self.title))

    @property
    def runs(self) -> bool:
        """Whether a test runs it."""
        return self.language in ("sh", "python") and not self.title

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        title = re.search(r'title="([^"]*)"', match[3])
        line = text.count("\n", 0, match.start()) + 1
        yield Block(page, line, match[2], title[1] if title else "", dedent(match[4]))


def lines_of(code: str) -> list[str]:
    """The commands of a shell text, a line each: continued lines are joined, comments and blank lines left out."""
    lines = code.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def arguments_of(line: str) -> list[str] | None:
    """The arguments of a line that only calls `spgbench`, or None for any other."""
    if re.search(r"[|;&<>$`]", re.sub(r"'[^']*'|\"[^\"$`]*\"", "", line)):
        return None
    words = shlex.split(line, comments=True)
    return words[1:] if words[:1] == ["spgbench"] else None


def parameters(arguments: list[str]) -> dict[str, Any]:
    """The parameters that a command line gives its command, without running it; raises click's errors."""
    command = typer.main.get_command(app)
    context = command.make_context("spgbench", list(arguments))
    rest = list(arguments)
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, list(rest), parent=context)
    parsed: dict[str, Any] = context.params
    return parsed


def options_in_text(page: str) -> Iterator[tuple[str, set[str]]]:
    """Commands that the text of a page names in code spans, each with the options that stand behind it."""
    text = re.sub(r"^ *```.*?^ *```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"`(spgbench [^`]+)`", text):
        words = span.split()[1:]
        name = " ".join(words[: 2 if words[0] in ("masks", "fetch") else 1])
        options = {word for word in words if word.startswith("-")} - {"-o", "--help"}
        if options and name.islower() and not name.startswith("-"):
            yield name, options
