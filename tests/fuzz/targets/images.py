"""Pictures, label maps and masks, as files and as what a browser sends."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from bench.editor.encoding import from_data_url, read_hole, read_labels, to_data_url
from bench.editor.uploads import read_upload
from bench.errors import DataError
from bench.image_files.decode import read_index_map, read_picture
from bench.image_files.masks import read_levels, read_mask
from bench.image_files.opening import upright_size
from spgnet.pictures import read_picture as read_model_picture
from tests.fuzz.targets.target import Target, written
from tests.image_files.encodings import encodings

__all__ = ["IMAGES"]


@functools.cache
def pictures() -> list[bytes]:
    """Small pictures of all formats, modes and depths, turned, transparent, animated, of several pages."""
    found = [one.data for one in encodings()]
    grey = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) % 3)
    frames = [grey.convert("RGB"), grey.convert("RGB").rotate(90)]
    for form, options in (
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "jpeg"}),
        ("GIF", {}),
        ("PNG", {}),
        ("BMP", {}),
        ("ICO", {}),
    ):
        found += [_saved(frames[0], form, options)]
    for form in ("WEBP", "PNG", "TIFF", "GIF"):
        found += [_saved(frames[0], form, {"save_all": True, "append_images": frames[1:]})]
    found += [
        _saved(grey.convert("CMYK"), "JPEG", {}),
        _saved(grey.convert("CMYK"), "TIFF", {}),
        _saved(grey, "PNG", {"bits": 2}),
    ]
    for orientation in (3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = orientation
        found += [_saved(frames[0], form, {"exif": exif}) for form in ("JPEG", "PNG", "WEBP", "TIFF")]
    return found


def _saved(image: Image.Image, form: str, options: Mapping[str, object]) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def _reader(read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    return lambda data, root: read(written(root / "a.png", data))


def _read_mask(data: bytes, root: Path) -> None:
    path = written(root / "a.png", data)
    for sign in ("white", "transparent"):
        read_mask(path, sign)


def _for_model(data: bytes, root: Path) -> None:
    path = written(root / "a.png", data)
    try:
        read_model_picture(path)
    except ValueError as error:  # the models know nothing of the harness and its errors
        raise DataError("picture", "be readable", str(error)) from error


def _urls() -> list[bytes]:
    plane = np.zeros((8, 8), np.bool_)
    plane[2:4, 2:4] = True
    return [to_data_url(plane).encode(), to_data_url(plane.astype(np.uint8)).encode()]


def _url(data: bytes, root: Path) -> None:
    found = from_data_url(data.decode("utf-8", "replace"), "hole", 4_000_000)
    read_hole(found, (8, 8))


def _planes() -> list[bytes]:
    return [*pictures(), *(base64.b64decode(url.partition(b",")[2]) for url in _urls())]


IMAGES = (
    Target("picture", "picture", pictures, _reader(read_picture), 1.5),
    Target("picture size", "picture", pictures, _reader(upright_size), 0.5),
    Target("picture of a model", "picture", pictures, _for_model, 0.5),
    Target("label map", "picture", pictures, _reader(read_index_map), 0.5),
    Target("mask", "picture", pictures, _read_mask),
    Target("mask levels", "picture", pictures, _reader(read_levels), 0.5),
    Target("upload", "picture", pictures, lambda data, _: read_upload(data, "\x1b[31m\u202ea.png", 128), 0.5),
    Target("hole of the page", "picture", _planes, lambda data, _: read_hole(data, (8, 8)), 0.5),
    Target("labels of the page", "picture", _planes, lambda data, _: read_labels(data, (8, 8), ("a", "b", "c")), 0.5),
    Target("data URL", "bytes", _urls, _url),
)
"""Readers of pictures."""
