from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Write = Callable[..., Path]


def noise(height: int, width: int, seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


@pytest.fixture
def write_picture() -> Write:
    """Write a picture of seeded noise; the suffix gives the format."""

    def write(path: Path, height: int = 12, width: int = 16, seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        noise(height, width, seed).save(path, lossless=True)  # of these formats, WebP listens
        return path

    return write


@pytest.fixture
def write_labels() -> Write:
    """Write an 8-bit grey PNG that holds the values given, as stripes of equal height or as they are."""

    def write(path: Path, values: Sequence[int] | np.ndarray, height: int = 12, width: int = 16) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        array = np.asarray(values, np.uint8)
        if array.ndim == 1:
            array = np.repeat(array[np.arange(height) * len(array) // height][:, None], width, axis=1)
        Image.fromarray(array).save(path)
        return path

    return write


@pytest.fixture
def write_text() -> Write:
    def write(path: Path, *lines: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def folder(tmp_path: Path, write_picture: Write, write_labels: Write) -> Path:
    """A set for the `folder` reader: three pictures with labels of the classes ground and thing, 200 ignored."""
    for index, name in enumerate(("a", "b", "deep/c")):
        write_picture(tmp_path / "images" / f"{name}.png", seed=index)
        write_labels(tmp_path / "labels" / f"{name}.png", [0, 1, 200])
    classes = {"classes": ["ground", "thing"], "objects": ["thing"], "ignore": 200}
    (tmp_path / "classes.json").write_text(json.dumps(classes), encoding="utf-8")
    return tmp_path
