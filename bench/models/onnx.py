"""ONNX files, run by ONNX Runtime: a picture and a mask in, a picture out."""

from __future__ import annotations

import hashlib
import importlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bench.errors import ModelFailure, UsageError
from bench.models.adapter import ModelAdapter, file_sha256, require_file
from bench.models.io_spec import IOSpec, parse_io_spec
from bench.models.model_error import describe_error
from bench.pictures import round_to_bytes

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["load_onnx"]

_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}
_FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")
_EXPORT = "Export a model(image [N, 3, H, W], mask [N, 1, H, W]) that returns one picture."


@dataclass(frozen=True)
class _Port:
    """An input or output as the file describes it: a whole number or a name for each dimension."""

    name: str
    type: str
    shape: tuple[int | str | None, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.type} [{', '.join(map(str, self.shape))}]"


def load_onnx(file: str, *, device: str = "cpu", output_name: str = "", **options: Any) -> ModelAdapter:
    """An ONNX file as a model.

    It has two inputs, told apart by their 3 and 1 channels, of any number type; the mask is 0 and 1. A height and width
    that the file fixes become the IOSpec's `size`. Files beside it whose names begin with its own (external
    weights) belong to it.

    Args:
        file: the .onnx file.
        device: with `cuda`, ONNX Runtime's CUDA provider where it is installed; else the CPU, with a warning.
        output_name: which output is the picture, for a file that has several.
        options: of `bench.models.io_spec.IOSpec`.

    Raises:
        UsageError: for a missing file, an option that does not fit, or several outputs without a word which to take.
        ModelFailure: without onnxruntime, for a damaged file, or for a model with other inputs.
    """
    path = require_file("ONNX file", file)
    io_spec = parse_io_spec("onnx:", options, extra=("output_name",))
    session, version = _session(path, device)
    image, mask = _inputs(path, session)
    io_spec = _with_fixed_size(path, io_spec, image)
    if image.type == "tensor(uint8)" and io_spec.range != "0-255":
        fix = "It takes 8-bit pictures: declare ?range=0-255."
        raise ModelFailure(f"ONNX file {path.name}", "be given 0-255", f"{io_spec.range} declared", fix)
    output = _output(path, session, str(output_name))

    def call(picture: Tensor, hole: Tensor, *_: object) -> Tensor:
        inputs = {image.name: _array(picture, image.type), mask.name: _array(hole, mask.type)}
        return torch.from_numpy(np.asarray(session.run([output], inputs)[0]))

    return ModelAdapter(
        f"onnx:{path.name}",
        call,
        io_spec,
        {"onnx": _sha256(path), "onnxruntime": version, "output": output},
        sources=(__name__,),
    )


def _session(path: Path, device: str) -> tuple[Any, str]:
    """The file ready to run, and the version of what runs it."""
    try:
        onnxruntime: Any = importlib.import_module("onnxruntime")
    except ImportError as error:
        fix = 'Install it: pip install "spgbench[onnx]".'
        raise ModelFailure(f"model onnx:{path.name}", "have onnxruntime to run in", "it not installed", fix) from error
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    settings.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), settings, providers=_providers(onnxruntime, device))
    except Exception as error:  # its errors have no common base but Exception
        raise ModelFailure(f"ONNX file {path.name}", "be a whole ONNX model", describe_error(error), _EXPORT) from error
    return session, str(onnxruntime.__version__)


def _providers(onnxruntime: Any, device: str) -> list[Any]:
    if device.partition(":")[0] != "cuda":
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        index = int(device.partition(":")[2] or 0)
        return [("CUDAExecutionProvider", {"device_id": index}), "CPUExecutionProvider"]
    warnings.warn("ONNX files run on the CPU: install onnxruntime-gpu in the place of onnxruntime", stacklevel=4)
    return ["CPUExecutionProvider"]


def _inputs(path: Path, session: Any) -> tuple[_Port, _Port]:
    """Picture and mask; raises ModelFailure for another number, other channels, or types that hold no picture."""
    inputs = [_Port(each.name, each.type, tuple(each.shape)) for each in session.get_inputs()]
    pairs = [pair for pair in (inputs, inputs[::-1]) if len(inputs) == 2 and _are_picture_and_mask(*pair)]
    if not pairs or len(session.get_outputs()) < 1:
        said = "; ".join(map(str, inputs))
        raise ModelFailure(
            f"ONNX file {path.name}", "take image [N, 3, H, W] and mask [N, 1, H, W]", f"inputs {said}", _EXPORT
        )
    image, mask = pairs[0]
    return image, mask


def _output(path: Path, session: Any, wanted: str) -> str:
    """The name of the output that is the picture; raises UsageError where the file has several and none is named."""
    outputs = {each.name: _Port(each.name, each.type, tuple(each.shape)) for each in session.get_outputs()}
    if wanted in outputs or (not wanted and len(outputs) == 1):
        return wanted or next(iter(outputs))
    said = "; ".join(map(str, outputs.values()))
    if wanted:
        subject = f"option 'output_name' of model 'onnx:{path.name}'"
        raise UsageError(subject, "be an output of the file", repr(wanted), f"It has {said}.")
    fix = f"Name the picture with ?output_name=, for example ?output_name={next(iter(outputs))}."
    raise UsageError(f"ONNX file {path.name}", "have one output, or be told which one is the picture", said, fix)


def _are_picture_and_mask(image: _Port, mask: _Port) -> bool:
    """Whether the two can be picture and mask in this order; open channel numbers go by the order."""
    ranks = len(image.shape) == len(mask.shape) == 4
    types = image.type in (*_FLOATS, "tensor(uint8)") and mask.type in _TYPES
    return ranks and types and _can_be(image.shape[1], 3) and _can_be(mask.shape[1], 1) and _same_size(image, mask)


def _can_be(dimension: int | str | None, wanted: int) -> bool:
    return not isinstance(dimension, int) or dimension == wanted


def _same_size(image: _Port, mask: _Port) -> bool:
    sides = zip(image.shape[2:], mask.shape[2:], strict=True)
    return all(not (isinstance(a, int) and isinstance(b, int)) or a == b for a, b in sides)


def _with_fixed_size(path: Path, io_spec: IOSpec, image: _Port) -> IOSpec:
    count, _, height, width = image.shape
    if isinstance(count, int) and count != 1:
        raise ModelFailure(f"ONNX file {path.name}", "take one picture, or any number", f"batches of {count} alone")
    if count == 1 and io_spec.batch != 1:
        raise UsageError(f"option 'batch' of model 'onnx:{path.name}'", "be 1", f"{io_spec.batch}", "Leave it.")
    if not (isinstance(height, int) and isinstance(width, int)):
        return io_spec
    if io_spec.size not in (None, (height, width)):
        raise UsageError(f"option 'size' of model 'onnx:{path.name}'", f"be {height}x{width}", "another", "Leave it.")
    return replace(io_spec, size=(height, width))


def _array(values: Tensor, kind: str) -> np.ndarray[Any, np.dtype[Any]]:
    if kind == "tensor(uint8)" and values.is_floating_point():
        values = round_to_bytes(values)
    return np.ascontiguousarray(values.numpy().astype(_TYPES[kind]))


def _sha256(path: Path) -> str:
    """Of the file, or of it and its external weights together."""
    beside: Sequence[Path] = [other for other in path.parent.iterdir() if other.name.startswith(path.name)]
    if len(beside) == 1:
        return file_sha256(path)
    lines = sorted(f"{other.name} {file_sha256(other)}" for other in beside if other.is_file())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
