"""Weights, checkpoints, caches of tensors, saved edits and requests of a page."""

from __future__ import annotations

import functools
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

import spgnet.weights
from bench.editor import messages, replay
from bench.editor.encoding import png_base64
from bench.errors import DataError, Failure
from bench.metrics.cache.tensor_folder import TensorFolder
from bench.metrics.networks import read_state
from bench.records.decoding import FieldError, decode
from bench.training.output.checkpoints import Checkpoints
from tests.fuzz.targets.target import Target, written

__all__ = ["MODEL_FILES"]

_STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(2, dtype=torch.float16)}


@functools.cache
def _weights() -> list[bytes]:
    _headers()  # made before a case is watched
    return [safetensors.torch.save(_STATE)]


@functools.cache
def _headers() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        spgnet.weights.save(Path(folder) / "w", _STATE, "Net", {"width": 3})
        return [(Path(folder) / "w.json").read_bytes()]


def _read_weights(data: bytes, root: Path) -> None:
    """Weights whose JSON says that they are right."""
    file = written(root / "w.safetensors", data)
    header = json.loads(_headers()[0]) | {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    written(root / "w.json", json.dumps(header).encode())
    _load(file)


def _read_header(data: bytes, root: Path) -> None:
    written(root / "h.json", data)
    _load(written(root / "h.safetensors", _weights()[0]))


def _load(file: Path) -> None:
    try:
        spgnet.weights.read(file, "Net")
    except ValueError as error:  # the models know nothing of the harness and its errors
        raise DataError("weights", "be readable", str(error)) from error


@functools.cache
def _checkpoints() -> list[bytes]:
    import io

    out = io.BytesIO()
    torch.save({**_STATE, "step": 3}, out)
    return [out.getvalue()]


def _read_checkpoint(data: bytes, root: Path) -> None:
    folder = root / "checkpoints"
    written(folder / "step-00000001.pt", data)
    Checkpoints(folder).load()


def _read_cache(data: bytes, root: Path) -> None:
    folder = TensorFolder(root / "cache", 1 << 20)
    key = "ab" * 32
    folder.write(key, (torch.zeros(2),))
    (file,) = (path for path in (root / "cache").rglob("*") if path.is_file())
    file.write_bytes(data + hashlib.sha256(data).digest())
    folder.read(key)


def _edits() -> list[bytes]:
    picture, hole = np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.bool_)
    hole[4:8, 4:8] = True
    labels = np.ones((32, 32), np.uint8)
    drawn = replay.ReplayPicture(
        "p", "streets", "r", png_base64(picture), _sha256(picture), ("a", "b"), png_base64(labels)
    )
    variants = (replay.ReplayVariant("t", "flat"), replay.ReplayVariant("u", "flat", png_base64(labels)))
    models = (replay.ReplayModel("flat", "f" * 64),)
    document = replay.ReplayDocument(
        replay.FORMAT, "1", drawn, png_base64(hole), _sha256(hole), 0, "streets", models, variants
    )
    return [document.text.encode()]


def _sha256(array: np.ndarray) -> str:
    from bench.editor.edited_picture import pixels_sha256

    return pixels_sha256(array)


def _play(data: bytes, root: Path) -> None:
    def load(name: str) -> None:
        raise Failure(f"model '{name}'", "be loaded", "none here")

    replay.play(replay.parse(data.decode("utf-8", "replace")), load)  # type: ignore[arg-type]  # returns never


_REQUESTS = tuple(getattr(messages, name) for name in messages.__all__)


def _requests() -> list[bytes]:
    return [
        b'{"sample": {"dataset": "streets", "id": "a"}, "side": 256, "request": 1}',
        b'{"protocol": "center-50@1", "seed": 3}',
        b'{"model": "m", "hole": "data:image/png;base64,", "labels": null}',
        b'{"hole": "data:", "variants": [{"title": "t", "model": "m", "alternative": 1}]}',
    ]


def _request(data: bytes, root: Path) -> None:
    from bench.strict_json import parse_json

    for kind in _REQUESTS:
        try:
            decode(kind, parse_json(data))
        except FieldError:  # the server words it
            continue
        except ValueError as error:
            raise DataError("request", "be JSON", str(error)) from error


MODEL_FILES = (
    Target("weights", "tensors", _weights, _read_weights),
    Target("header of weights", "json", _headers, _read_header),
    Target(
        "state dict",
        "zip",
        _checkpoints,
        lambda data, root: read_state(written(root / "s.pth", data)),
        0.5,
        pickles=True,
    ),
    Target("checkpoint", "zip", _checkpoints, _read_checkpoint, 0.5, pickles=True),
    Target("cache of tensors", "tensors", _weights, _read_cache, 0.5),
    Target("saved edit", "json", _edits, _play),
    Target("request of a page", "json", _requests, _request, 2.0),
)
"""Readers of weights and of the editor."""
