"""A function in a Python file as a model, called as `function(image, hole, labels=None)`."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bench.errors import ModelFailure, UsageError
from bench.models.adapter import ModelAdapter, describe_error, file_sha256, require_file
from bench.models.io_spec import parse_io_spec
from bench.vocabulary import LabelSources

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["load_python_function"]


def load_python_function(place: str, *, device: str = "cpu", labels: str = "none", **options: Any) -> ModelAdapter:
    """A function as a model: float32 picture [N, 3, H, W] in [0, 1] and bool hole [N, 1, H, W] in, a picture out.

    Args:
        place: `FILE.py:function`; the file is run, with its folder on the import path.
        device: that the tensors lie on.
        labels: `context` hands the function `labels=`, uint8 [N, H, W] true label maps with VOID (255) in the hole;
            the row is then recorded as one that uses true labels. `none`: it is called with two arguments.
        options: of `bench.models.io_spec.IOSpec`.

    Raises:
        UsageError: for a missing file or function, or an option that does not fit.
        ModelFailure: for a file that does not import, or a function with other arguments.
    """
    file, colon, name = place.rpartition(":")
    if not (file and colon and name):
        raise UsageError(f"model 'python:{place}'", "name a function", repr(place), "Write python:FILE.py:function.")
    if labels not in ("none", "context"):
        raise UsageError(f"option 'labels' of model 'python:{place}'", "be none or context", repr(labels))
    path = require_file("Python file", file)
    io_spec = parse_io_spec("python:", options, extra=("labels",))
    function = _function(path, name, uses_labels=labels == "context")

    def call(image: Tensor, mask: Tensor, given: Tensor | None, seeds: tuple[int, ...]) -> Tensor:  # noqa: ARG001
        filled: Tensor = function(image, mask) if labels == "none" else function(image, mask, labels=given)
        return filled

    return ModelAdapter(
        f"python:{path.name}:{name}",
        call,
        io_spec,
        {"python": file_sha256(path), "function": name, "labels": labels},
        sources=(__name__,),
        libraries=("numpy", "torch"),
        label_sources=LabelSources(context="oracle") if labels == "context" else LabelSources(),
        device=device,
    )


def _function(path: Path, name: str, *, uses_labels: bool) -> Callable[..., Any]:
    module = _imported(path)
    function = getattr(module, name, None)
    if not callable(function):
        own = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        near = difflib.get_close_matches(name, own, n=1)
        fix = f"Did you mean {near[0]}?" if near else f"It has {', '.join(own) or 'none'}."
        raise UsageError(f"Python file {path.name}", f"have a function '{name}'", "none of that name", fix)
    wanted = f"{name}(image, hole{', labels=labels' if uses_labels else ''})"
    try:
        inspect.signature(function).bind(None, None, **({"labels": None} if uses_labels else {}))
    except TypeError as error:
        raise ModelFailure(f"Python file {path.name}", f"be callable as {wanted}", str(error)) from error
    callback: Callable[..., Any] = function
    return callback


def _imported(path: Path) -> ModuleType:
    """Run the file as a module of its own; files beside it can be imported by it."""
    unique = f"spgbench_model_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(unique, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"Python file {path.name}", "end in .py", path.suffix or "no ending")
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module  # dataclasses and pickle look their module up
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ModelFailure(
            f"Python file {path.name}", "import", describe_error(error), "Run it with python first."
        ) from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module
