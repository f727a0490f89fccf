"""A function in a Python file, loaded as `python FILE` would load it: its own folder first, itself in sys.argv."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from bench.errors import ModelFailure, UsageError
from bench.models.isolation.loaded_model import LoadedModel
from bench.models.isolation.model_files import ModelFiles, installed_folders
from bench.models.model_error import describe_error

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["load_function", "prepare_interpreter"]


class _SourceLoader(SourceFileLoader):
    """Compiles the source as it is now: a stale cache of bytecode has the time and size of its source, too."""

    def path_stats(self, path: str) -> NoReturn:
        """Say that there is no time to compare a cache with; none is read or written then."""
        raise OSError(path)


def prepare_interpreter(path: Path) -> None:
    """Make this process look as `python FILE` would find it; never in spgbench's own process.

    Args:
        path: the file.
    """
    sys.argv = [str(path)]
    folders = _folders(path)
    installed = installed_folders(folders[0])
    sys.path_hooks.insert(0, lambda entry: _finder(entry, installed))
    for folder in folders:
        sys.path_importer_cache.pop(str(folder), None)
        _forget_shadowed(folder)


def load_function(
    path: str, function: str, labels: bool, prompts: bool, files: str, device: str, as_main: bool = True
) -> LoadedModel:
    """Run a file and find its function.

    Args:
        path: the file.
        function: its name.
        labels: whether it is called with `labels=`.
        prompts: whether it is called with `prompts=`.
        files: pattern of files below the file's folder that belong to the model, or empty.
        device: that the tensors lie on.
        as_main: whether the file is `__main__` of this process.

    Raises:
        UsageError: there is no such function.
        ModelFailure: the file does not import, or the function takes other arguments.
    """
    place = Path(path)
    folders = _folders(place)
    own = ModelFiles(place, folders, files)
    sys.path[:0] = [str(folder) for folder in folders]  # and there they stay, for imports inside functions
    module = _run_file(place, as_main=as_main)
    wanted = [name for name, asked in (("labels", labels), ("prompts", prompts)) if asked]
    called = _find_function(place, module, function, wanted)

    def call(image: Tensor, mask: Tensor, maps: Tensor | None, texts: tuple[str, ...]) -> object:
        given = {"labels": maps, "prompts": list(texts)}
        return called(image, mask, **{name: given[name] for name in wanted})

    return LoadedModel(call, {"python": own.digest()}, device, own.find_late)


def _folders(path: Path) -> tuple[Path, ...]:
    """Where imports begin: the folder of the file, that of the link that names it, and that of the file's package."""
    folder = path.resolve().parent
    return tuple(dict.fromkeys((folder, path.parent, path.resolve().parents[len(_package(path))])))


def _package(path: Path) -> list[str]:
    """Names of the packages that the file lies in, the outermost first; relative imports begin at the innermost."""
    names: list[str] = []
    for folder in path.resolve().parents:
        if not (folder / "__init__.py").is_file() or not folder.name.isidentifier():
            break
        names.insert(0, folder.name)
    return names


def _finder(entry: str, installed: tuple[str, ...]) -> FileFinder:
    """A finder for folders that are no part of the Python installation."""
    if not Path(entry).is_dir() or f"{entry}{os.sep}".startswith(installed):
        raise ImportError(entry)
    return FileFinder(entry, (ExtensionFileLoader, EXTENSION_SUFFIXES), (_SourceLoader, SOURCE_SUFFIXES))


def _forget_shadowed(folder: Path) -> None:
    """Forget modules that the supervisor imported where the folder has one of the same name, which goes first."""
    names = {entry.stem for entry in folder.iterdir() if entry.suffix == ".py" or (entry / "__init__.py").is_file()}
    for name in list(sys.modules):
        top = name.partition(".")[0]
        spec = getattr(sys.modules.get(top), "__spec__", None)
        if top in names and top != "__main__" and getattr(spec, "origin", None) not in ("built-in", "frozen"):
            del sys.modules[name]


def _run_file(path: Path, *, as_main: bool) -> ModuleType:
    package = _package(path)
    name = ".".join([*package, path.stem if as_main or package else f"spgbench_model_{path.stem}"])
    spec = importlib.util.spec_from_file_location(name, path, loader=_SourceLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise UsageError(f"Python file {path.name}", "end in .py", path.suffix or "no ending")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look their module up
    if as_main:
        sys.modules["__main__"] = module  # whole models that a script pickled are of its __main__
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise ModelFailure(
            f"Python file {path.name}", "import", describe_error(error), "Run it with python first."
        ) from error
    return module


def _find_function(path: Path, module: ModuleType, name: str, extra: Sequence[str]) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        own = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        near = difflib.get_close_matches(name, own, n=1)
        fix = f"Did you mean {near[0]}?" if near else f"It has {', '.join(own) or 'none'}."
        raise UsageError(f"Python file {path.name}", f"have a function '{name}'", "none of that name", fix)
    wanted = f"{name}({', '.join(['image', 'hole', *(f'{key}={key}' for key in extra)])})"
    try:
        inspect.signature(function).bind(None, None, **dict.fromkeys(extra))
    except TypeError as error:
        raise ModelFailure(f"Python file {path.name}", f"be callable as {wanted}", str(error)) from None
    except ValueError:  # compiled code has no signature
        pass
    callback: Callable[..., Any] = function
    return callback
