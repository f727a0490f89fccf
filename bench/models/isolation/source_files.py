"""Which files the code of a file can reach, found without running it: imports at any depth, and names of weights."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path

__all__ = ["find_named_files", "find_reachable_sources"]

_WEIGHTS = [
    ".bin",
    ".ckpt",
    ".h5",
    ".json",
    ".mat",
    ".msgpack",
    ".npy",
    ".npz",
    ".onnx",
    ".pb",
    ".pickle",
    ".pkl",
    ".pt",
    ".pt2",
    ".pth",
    ".safetensors",
    ".tflite",
    ".toml",
    ".yaml",
    ".yml",
]
"""Suffixes of files that a program reads rather than writes."""
_MOST_FILES = 20_000
_IMPORT_FUNCTIONS = ("import_module", "__import__")


def find_reachable_sources(sources: Iterable[Path], folders: Sequence[Path]) -> list[Path]:
    """The sources and every file under `folders` that they import, directly or through others.

    Imports inside functions count, relative ones and those of packages too, and `importlib.import_module` of a literal
    name. Source that does not parse is left alone.

    Args:
        sources: Python files.
        folders: where imported names are looked for.
    """
    found: dict[Path, None] = {}
    waiting = list(sources)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = None
        if path.suffix in SOURCE_SUFFIXES:
            waiting += _imports_of(path, folders)
    return list(found)


def find_named_files(sources: Iterable[Path], folder: Path) -> list[Path]:
    """Files of weights and settings under `folder` whose names stand as literals in the sources."""
    names = {
        Path(text).name: text
        for path in sources
        for text in _literals(path)
        if len(text) < 300 and Path(text).suffix.lower() in _WEIGHTS
    }
    return [path for path in _files_below(folder) if path.name in names] if names else []


def _imports_of(path: Path, folders: Sequence[Path]) -> Iterator[Path]:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _resolve(alias.name.split("."), folders)
        elif isinstance(node, ast.ImportFrom):
            places = [path.parents[node.level - 1]] if 0 < node.level <= len(path.parents) else folders
            base = node.module.split(".") if node.module else []
            if node.level:
                yield from _package_files(places[0])
            for alias in node.names:
                yield from _resolve([*base, alias.name], places)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            name = node.args[0].value
            if function in _IMPORT_FUNCTIONS and isinstance(name, str):
                places = [path.parent] if name.startswith(".") else folders
                yield from _resolve(name.lstrip(".").split("."), places)


def _resolve(parts: Sequence[str], folders: Sequence[Path]) -> Iterator[Path]:
    """Every file that the import of a dotted name runs, as far as the name leads."""
    places = list(folders)
    for part in parts:
        deeper: list[Path] = []
        for place in places:
            if (place / part).is_dir():
                yield from _package_files(place / part)
                deeper.append(place / part)
            yield from (file for suffix in _suffixes() if (file := place / f"{part}{suffix}").is_file())
        places = deeper


def _package_files(folder: Path) -> list[Path]:
    return [file for suffix in _suffixes() if (file := folder / f"__init__{suffix}").is_file()]


def _suffixes() -> list[str]:
    return [*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES]


def _parsed(path: Path) -> ast.AST:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError):
        return ast.Module([], [])


def _literals(path: Path) -> Iterator[str]:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _files_below(folder: Path) -> Iterator[Path]:
    """Files below a folder, hidden ones and those of environments left out; not all of a very large folder."""
    count = 0
    for root, folders, files in os.walk(folder, followlinks=False):
        hidden = [name for name in folders if name.startswith(".") or name in ("__pycache__", "node_modules")]
        for name in hidden:
            folders.remove(name)
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        yield from (Path(root, name) for name in files)
        count += len(files)
        if count > _MOST_FILES:
            return
