"""Weights on disk: `NAME.safetensors`, and beside it `NAME.json` that says what they are. No pickles."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

__all__ = ["PRETRAINED", "WeightsHeader", "find", "load_state", "read", "read_header", "save", "save_config", "shipped"]

PRETRAINED = Path(__file__).parent / "pretrained"
"""Where the weights lie that come with the package."""

_FORMAT = 1
_PICKLES = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth", ".tar"}
_LONGEST = 300
"""Characters of what a parser says."""
_PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True)
class WeightsHeader:
    """The JSON file beside a weight file.

    Attributes:
        architecture: name of the class that the weights belong to.
        config: its config as JSON values.
        dtype: `float32`, or `float16` for matrices and filters stored in half precision.
        size: bytes of the weight file.
        sha256: of the weight file.
        base: name of the weights, shipped or in the same folder, that hold the tensors which this file leaves out;
            empty where it leaves out none.
        base_sha256: of the base's weight file.
    """

    architecture: str
    config: dict[str, Any]
    dtype: str
    size: int
    sha256: str
    base: str = ""
    base_sha256: str = ""


def shipped() -> list[str]:
    """Names of the weights that come with the package."""
    return sorted(file.stem for file in PRETRAINED.glob("*.safetensors"))


def find(name: str | Path) -> Path:
    """The weight file of a shipped name or of a path, with or without `.safetensors`.

    Raises:
        ValueError: for a pickle, or when there is no such file.
    """
    path = Path(name)
    if path.suffix in _PICKLES:
        raise _is_pickle(path)
    file = path if path.suffix == ".safetensors" else path.with_name(path.name + ".safetensors")
    for candidate in (file, PRETRAINED / file) if len(path.parts) == 1 else (file,):
        if candidate.is_file():
            return candidate
    names = ", ".join(shipped()) or "none in this version"
    raise ValueError(
        f"weights '{name}' must be a shipped name or a safetensors file; found neither. Shipped: {names}. "
        "Give the path of a file that SPGNet.save wrote."
    )


def save(
    path: str | Path,
    state: Mapping[str, Tensor],
    architecture: str,
    config: Mapping[str, Any],
    *,
    half: bool = False,
    base: str = "",
) -> WeightsHeader:
    """Write the weight file and its JSON; a kill or a full disk leaves earlier files as they were.

    Args:
        path: with or without `.safetensors`; its folder is made.
        state: a state dict.
        architecture, config: as in `WeightsHeader`.
        half: store tensors of two and more axes in float16, rounded to nearest; statistics and biases stay float32.
        base: name of weights whose equal tensors are left out, for example the frozen networks that SG-Net was trained
            on.

    Raises:
        ValueError: for a value that is not finite, or a base that cannot be read; nothing is written.
    """
    file = Path(path) if Path(path).suffix == ".safetensors" else Path(f"{path}.safetensors")
    stored = {name: _stored(name, value, half=half) for name, value in state.items()}
    base_sha256 = ""
    if base:
        shared, base_header = read(_base_file(file, base), architecture)
        base_sha256 = base_header.sha256
        stored = {name: value for name, value in stored.items() if not _is_equal(value, shared.get(name))}
    content = safetensors.torch.save(stored)
    dtype, sha256 = "float16" if half else "float32", hashlib.sha256(content).hexdigest()
    header = WeightsHeader(architecture, dict(config), dtype, len(content), sha256, base, base_sha256)
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = _write_part(file.with_suffix(".json"), _header_text(header))  # first: it is small, should the other fail
    _write_part(file, content).replace(file)
    beside.replace(file.with_suffix(".json"))
    return header


def save_config(path: str | Path, config: Mapping[str, Any]) -> WeightsHeader:
    """Give the JSON beside a weight file another config, say another temperature; raises as `read_header`."""
    file = find(path)
    header = replace(read_header(file), config=dict(config))
    _write_part(file.with_suffix(".json"), _header_text(header)).replace(file.with_suffix(".json"))
    return header


def read_header(path: str | Path) -> WeightsHeader:
    """What the JSON beside a weight file says, without reading the weights. Raises ValueError."""
    file = find(path).with_suffix(".json")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data.pop("format") != _FORMAT:
            raise ValueError("another format version")
        header = WeightsHeader(**data)
        _check_types(header)
        return header
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{file} must describe the weights beside it; found {error!r}. Copy both files of the weights."
        ) from error


def read(path: str | Path, architecture: str) -> tuple[dict[str, Tensor], WeightsHeader]:
    """The tensors and the header of a weight file.

    Raises:
        ValueError: for a pickle, a truncated or changed file, one without its JSON, or of another architecture, and for
            a base that is missing or another one.
    """
    return _read(find(path), architecture, frozenset())


def _read(file: Path, architecture: str, above: frozenset[Path]) -> tuple[dict[str, Tensor], WeightsHeader]:
    """As `read`; `above`: files that are based on this one."""
    content = file.read_bytes()
    if content.startswith(_PICKLE_STARTS):
        raise _is_pickle(file)
    header = read_header(file)
    if header.architecture != architecture:
        raise ValueError(
            f"weights {file} must be of {architecture}; found {header.architecture}. Load them with that class."
        )
    if len(content) != header.size or hashlib.sha256(content).hexdigest() != header.sha256:
        kind = "truncated" if len(content) < header.size else "changed"
        raise ValueError(
            f"weights {file} must be the {header.size} bytes that {file.stem}.json describes; "
            f"found a {kind} file of {len(content)} bytes. Copy or fetch it again."
        )
    try:
        state = safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        found = str(error)[:_LONGEST]
        raise ValueError(f"weights {file} must be safetensors; found {found}. Copy or fetch it again.") from error
    return (_of_base(file, header, above | {file.resolve()}) | state if header.base else state), header


def _of_base(file: Path, header: WeightsHeader, above: frozenset[Path]) -> dict[str, Tensor]:
    """The tensors of the weights that a file is based on."""
    base = _base_file(file, header.base)
    if base.resolve() in above:
        raise ValueError(f"weights {file} must have another file as their base; found {header.base}. Save them again.")
    state, base_header = _read(base, header.architecture, above)
    if base_header.sha256 != header.base_sha256:
        raise ValueError(
            f"weights {base} must be the base of {file.name}, with SHA-256 {header.base_sha256[:12]}; "
            f"found {base_header.sha256[:12]}. Copy or fetch both of one version."
        )
    return state


def _base_file(file: Path, base: str) -> Path:
    """The base beside a weight file, or the shipped one of that name."""
    beside = file.with_name(f"{base}.safetensors")
    return beside if beside.is_file() else find(base)


def _is_equal(value: Tensor, other: Tensor | None) -> bool:
    return other is not None and value.dtype == other.dtype and torch.equal(value, other)


def load_state(network: nn.Module, state: Mapping[str, Tensor], subject: str) -> None:
    """Copy a state dict into a network, converted to the network's dtype.

    Raises:
        ValueError: names the tensors that are missing, unexpected or of another shape; the network is unchanged.
    """
    own = network.state_dict()
    shapes = [
        f"{name} {list(state[name].shape)} instead of {list(own[name].shape)}"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    wrong = {"missing": [n for n in own if n not in state], "unexpected": [n for n in state if n not in own]}
    found = [_shorten(kind, names) for kind, names in {**wrong, "of another shape": shapes}.items() if names]
    if found:
        raise ValueError(
            f"{subject} must fit {type(network).__name__}; found tensors {'; '.join(found)}. "
            "Use the config that the weights were trained with."
        )
    network.load_state_dict(dict(state))


def _check_types(header: WeightsHeader) -> None:
    """Raise TypeError for a field of another type."""
    texts = (header.architecture, header.dtype, header.sha256, header.base, header.base_sha256)
    if not all(isinstance(text, str) for text in texts) or type(header.size) is not int:
        raise TypeError("a field of another type")
    if not isinstance(header.config, dict):
        raise TypeError("a config that is no object")


def _header_text(header: WeightsHeader) -> bytes:
    fields = {name: value for name, value in vars(header).items() if value != "" or not name.startswith("base")}
    return (json.dumps({"format": _FORMAT, **fields}, indent=1) + "\n").encode()


def _shorten(kind: str, names: list[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{kind}: {', '.join(names[:3])}{rest}"


def _stored(name: str, value: Tensor, *, half: bool) -> Tensor:
    value = value.detach().cpu().contiguous()
    if value.is_floating_point() and not value.isfinite().all():
        raise ValueError(f"weights {name} must be finite; found NaN or infinity. Go back to an earlier checkpoint.")
    if not half or not value.is_floating_point() or value.ndim < 2:
        return value
    rounded = value.to(torch.float16)
    return rounded if rounded.isfinite().all() else value


def _write_part(file: Path, content: bytes) -> Path:
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException as error:  # Ctrl-C as well
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(file)) from error  # a failed write names no file
        raise
    return part


def _is_pickle(path: Path) -> ValueError:
    return ValueError(
        f"weights {path} must be safetensors; found a pickle, which can run any code when it is opened. "
        "Read it with torch.load(path, weights_only=True) where you trust it, and write it with spgnet.weights.save."
    )
