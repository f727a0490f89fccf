"""TorchScript files, called as `model(image, mask)`: the convention of the public big-lama file.

Source of the convention: how that file's users call it (Sanster/IOPaint, `lama.py`): picture and mask in [0, 1], 1 =
missing, sizes padded to multiples of 8, a picture in [0, 1] back.
"""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from bench.errors import ModelFailure
from bench.models.adapter import ModelAdapter, describe_error, file_sha256, require_file
from bench.models.io_spec import parse_io_spec

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["load_torchscript"]

_EXPORT = "Export the whole model: torch.jit.trace(model, (image, mask)).save(FILE)."


def load_torchscript(file: str, *, device: str = "cpu", **options: Any) -> ModelAdapter:
    """A TorchScript file as a model: float32 picture [N, 3, H, W] and float32 mask [N, 1, H, W] in, a picture out.

    Args:
        file: written by `torch.jit.save`; its code runs, so it must come from someone you trust.
        device: torch device.
        options: of `bench.models.io_spec.IOSpec`.

    Raises:
        UsageError: for a missing file or an option that does not fit.
        ModelFailure: for a file of another kind, a damaged one, or a model with other arguments.
    """
    path = require_file("TorchScript file", file)
    io_spec = parse_io_spec("torchscript:", options)
    script = _script(path, device)
    _check_arguments(path, script)

    def call(image: Tensor, mask: Tensor, labels: Tensor | None, seeds: tuple[int, ...]) -> Tensor:  # noqa: ARG001
        with torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]  # the same bits from the first call on
            filled: Tensor = script(image, mask.to(image))
            return filled

    facts = {"torchscript": file_sha256(path)}
    return ModelAdapter(f"torchscript:{path.name}", call, io_spec, facts, sources=(__name__,), device=device)


def _script(path: Path, device: str) -> Any:
    _refuse_other_kinds(path)
    try:
        with warnings.catch_warnings():
            for category in (DeprecationWarning, FutureWarning):  # by version; this format is what is published
                warnings.simplefilter("ignore", category)
            return torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise ModelFailure(f"TorchScript file {path.name}", "be whole", describe_error(error), _EXPORT) from error


def _refuse_other_kinds(path: Path) -> None:
    """Tell files by what is in them; nothing is unpickled."""
    found, fix = "no zip archive, perhaps a pickle, which could run any code", _EXPORT
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
        if "constants.pkl" in names and any(name.startswith("code/") for name in names):
            return
        found = "a zip archive without TorchScript code"
        if "data.pkl" in names:
            found = "pickled weights without a model, which could run any code"
            fix = f"{_EXPORT} Or keep the weights as .safetensors for a model of the catalogue."
        elif any(name.startswith("models/") for name in names):
            found, fix = "a program of torch.export", f"{_EXPORT} Or export it to ONNX, for onnx:FILE."
    raise ModelFailure(f"TorchScript file {path.name}", "hold a TorchScript model", found, fix)


def _check_arguments(path: Path, script: Any) -> None:
    """Two tensors must do; more only with defaults."""
    try:
        schema = script.forward.schema
    except (AttributeError, RuntimeError) as error:
        raise ModelFailure(f"TorchScript file {path.name}", "have a method forward", "none", _EXPORT) from error
    arguments = schema.arguments[1:]
    fits = len(arguments) >= 2 and all(argument.has_default_value() for argument in arguments[2:])
    if not fits or any(str(argument.type) != "Tensor" for argument in arguments[:2]):
        said = ", ".join(f"{argument.name}: {argument.type}" for argument in arguments)
        fix = "Wrap the model in a module whose forward(image, mask) calls it, and export that."
        raise ModelFailure(f"TorchScript file {path.name}", "be called as model(image, mask)", f"forward({said})", fix)
