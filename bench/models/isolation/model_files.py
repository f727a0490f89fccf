"""The files that a model in a Python file depends on: what it imported, can import, opened and names."""

from __future__ import annotations

import hashlib
import os
import site
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.models.isolation.source_files import find_named_files, find_reachable_sources

__all__ = ["ModelFiles", "installed_folders"]

_OURS = Path(__file__).resolve().parents[3] / "bench"
"""The harness itself, which a checkout holds outside the Python installation; a model may import it at any time."""
_opened: dict[str, None] = {}
_written: set[str] = set()
_watch = threading.local()


def _note_open(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: note the files that the process opens, by their absolute paths."""
    if event != "open" or getattr(_watch, "paused", False):
        return
    file, _, flags = arguments
    if not isinstance(file, str | bytes) or not isinstance(flags, int):
        return
    try:
        path = os.path.abspath(os.fsdecode(file))  # noqa: PTH100 (links stay as they are)
    except OSError:  # the working directory is gone
        return
    if flags & os.O_ACCMODE == os.O_RDONLY:
        _opened[path] = None
    else:
        _written.add(path)


class ModelFiles:
    """The files of a model in a Python file; to be made before the file is run, in the process that runs it.

    Files of the Python installation are not among them, nor hidden files, nor those that the model itself writes.

    Args:
        path: the Python file.
        folders: that imports of it begin at, its own folder first.
        declared: a pattern of further files below its folder, or empty.
    """

    def __init__(self, path: Path, folders: tuple[Path, ...], declared: str = "") -> None:
        self._path, self._folders, self._declared = path, folders, declared
        self._installed = installed_folders(folders[0])
        own = path.resolve().parent, path.parent
        working = [] if Path(tempfile.gettempdir()).is_relative_to(Path.cwd()) else [Path.cwd()]
        self._watched = {str(folder) + os.sep for folder in (*own, *working) if folder != Path(folder.anchor)}
        self._before = {id(module) for module in sys.modules.values()}
        self._path_before = set(sys.path)
        self._known: dict[Path, str] = {}
        self._late: dict[str, None] = {}
        self._seen = 0
        _opened.clear()
        sys.addaudithook(_note_open)

    def digest(self) -> str:
        """SHA-256 (hex) over names and contents of all files; called once, when the model is loaded."""
        loaded = self._loaded_files()
        added = [Path(entry) for entry in sys.path if entry not in self._path_before and not self._is_installed(entry)]
        reachable = find_reachable_sources([self._path, *loaded], [*self._folders, *added])
        sources = [path for path in reachable if not self._is_installed(path)]
        named = find_named_files(sources, self._folders[0])
        declared = self._declared_files()
        self._known = _hashes([*sources, *self._read_files(), *named, *declared])
        lines = sorted(f"{os.path.relpath(path, self._folders[0])} {found}" for path, found in self._known.items())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def find_late(self) -> list[str]:
        """Files that were read since `digest`, and that it does not cover or that changed since; once found, always."""
        if len(sys.modules) != self._seen or _opened:
            for path in dict.fromkeys([*self._loaded_files(), *self._read_files()]):
                if not path.is_relative_to(_OURS) and self._known.get(path) != _hashes([path]).get(path):
                    self._late[os.path.relpath(path, self._folders[0])] = None
        return list(self._late)

    def _loaded_files(self) -> list[Path]:
        """Files of modules that were imported since the beginning, outside the Python installation."""
        found: dict[Path, None] = {}
        for module in list(sys.modules.values()):
            if not isinstance(module, ModuleType) or id(module) in self._before:
                continue
            file = module.__dict__.get("__file__")
            self._before.add(id(module))
            if isinstance(file, str) and not self._is_installed(file) and Path(file).is_file():
                found[Path(file).absolute()] = None
        self._seen = len(sys.modules)
        return list(found)

    def _read_files(self) -> list[Path]:
        """Watched files that were opened for reading since the last time."""
        found = [Path(path) for path in _opened if path not in _written and self._is_watched(path)]
        _opened.clear()
        return [path for path in found if path.is_file()]

    def _is_watched(self, path: str) -> bool:
        below = [path[len(root) :] for root in self._watched if path.startswith(root)]
        shown = [rest for rest in below if not any(part.startswith(".") for part in Path(rest).parts)]
        return bool(shown) and "__pycache__" not in path and not self._is_installed(path)

    def _is_installed(self, path: str | Path) -> bool:
        return str(Path(path).absolute()).startswith(self._installed)

    def _declared_files(self) -> list[Path]:
        if not self._declared:
            return []
        found = sorted(self._folders[0].glob(self._declared))
        return [file for path in found for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]


def _hashes(paths: Iterable[Path]) -> dict[Path, str]:
    """SHA-256 of the contents; what cannot be read is left out."""
    found = {}
    _watch.paused = True
    try:
        for path in dict.fromkeys(paths):
            try:
                with path.open("rb") as file:
                    found[path] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError:
                continue
    finally:
        _watch.paused = False
    return found


def installed_folders(folder: Path) -> tuple[str, ...]:
    """Folders of the Python installation, each with a separator at its end, without those that `folder` lies in."""
    places = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    places |= {*site.getsitepackages(), site.getusersitepackages()}
    own = str(folder) + os.sep
    return tuple(f"{place}{os.sep}" for place in places if not own.startswith(f"{place}{os.sep}"))
