"""The pictures of the page: WebP files of what a hole holds, to be laid over the untouched picture."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.image_files.decode import read_stored
from bench.image_files.opening import upright_size
from bench.records import CellKey, Run
from bench.reporting.images.palette import painted

__all__ = ["PagePictures"]

_Kind = Literal["truth", "hole", "fill", "labels"]

_LOSSLESS_UP_TO = 8_000_000
"""Missing pixels of all fills: 12 MB of photographs in lossless WebP, and not over 32 MB even if all of it is noise."""

_LARGEST = 512
_PAPER, _STRIPE = 232, 150


class PagePictures:
    """Collects the pictures that the page shows and encodes them, all at once and on all cores.

    Outside of its hole a fill is the untouched picture, pixel for pixel, so it is stored as its hole alone (the rest
    transparent). Fills are lossless when they are few, otherwise of quality 90; everything else is always lossless.
    Pictures longer than 512 pixels are reduced by a whole factor.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._jobs: dict[str, tuple[_Kind, Path, Path | None]] = {}
        self._missing: dict[Path, int] = {}
        self._reduced = False

    def truth(self, sample: str) -> str:
        """Key of the untouched picture."""
        return self._add("truth", self._run.layout.truth(sample), None)

    def removal_truth(self, protocol: str, sample: str) -> str | None:
        """Key of the picture without what a removal takes out, None where there is none."""
        path = self._run.layout.removal_truth(protocol, sample)
        return self._add("truth", path, None) if path.exists() else None

    def size(self, sample: str) -> tuple[int, int]:
        """Width and height of the untouched picture, as stored."""
        height, width = upright_size(self._run.layout.truth(sample))
        self._reduced = self._reduced or max(height, width) > _LARGEST
        return width, height

    def hole(self, protocol: str, sample: str) -> str | None:
        """Key of the striped hole, None without one."""
        path = self._run.layout.hole(protocol, sample)
        return self._add("hole", path, path) if path.exists() else None

    def fill(self, key: CellKey, sample: str) -> str | None:
        """Key of a model's fill, None when it was not kept."""
        path, hole = self._run.layout.fill(key, sample), self._run.layout.hole(key.protocol, sample)
        return self._add("fill", path, hole if hole.exists() else None) if path.exists() else None

    def labels(self, path: Path) -> str:
        """Key of a label map in the colours of its classes."""
        return self._add("labels", path, None)

    @property
    def lossless(self) -> bool:
        """Whether the fills on the page are what the models gave, to the last bit."""
        fills = [hole for kind, _, hole in self._jobs.values() if kind == "fill"]
        return sum(self._missing_in(hole) for hole in fills if hole) <= _LOSSLESS_UP_TO

    @property
    def precision(self) -> str:
        """What a reader must know before looking at single pixels."""
        reduced = f" Pictures longer than {_LARGEST} pixels are reduced." if self._reduced else ""
        if self.lossless:
            return f"Pictures are lossless WebP.{reduced} The PNG files are in the run's folder."
        return (
            "Fills are WebP of quality 90, so that error maps are off by a few levels; the rest is lossless."
            f"{reduced} The exact PNG files are in the run's folder."
        )

    def encoded(self) -> Iterator[tuple[str, str]]:
        """Key and base64 of every picture."""
        lossless = self.lossless
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            codes = pool.map(lambda job: _encode(*job, lossless=lossless), self._jobs.values())
            yield from zip(self._jobs, codes, strict=True)

    def _add(self, kind: _Kind, path: Path, hole: Path | None) -> str:
        key = f"picture-{len(self._jobs)}"
        self._jobs[key] = (kind, path, hole)
        return key

    def _missing_in(self, hole: Path) -> int:
        if hole not in self._missing:
            missing = read_stored(hole, "L") >= 128
            self._missing[hole] = int(np.count_nonzero(missing)) // _factor(missing.shape) ** 2
        return self._missing[hole]


def _encode(kind: _Kind, path: Path, hole: Path | None, *, lossless: bool) -> str:
    image = _drawn(kind, path)
    if hole is not None:
        image.putalpha(_mask(read_stored(hole, "L", upright_size(path))))
    buffer = io.BytesIO()
    if lossless or kind != "fill":
        image.save(buffer, "WEBP", lossless=True, quality=50, method=2)
    else:
        image.save(buffer, "WEBP", quality=90, alpha_quality=100, method=2)
    return base64.b64encode(buffer.getvalue()).decode()


def _drawn(kind: _Kind, path: Path) -> Image.Image:
    if kind == "labels":
        labels = read_stored(path, "L")
        step = _factor(labels.shape)
        return Image.fromarray(painted(labels[::step, ::step]))
    return _reduced(_striped(read_stored(path, "L")) if kind == "hole" else read_stored(path, "RGB"))


def _reduced(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    factor = _factor(pixels.shape)
    return Image.fromarray(pixels).reduce(factor) if factor > 1 else Image.fromarray(pixels)


def _mask(hole: npt.NDArray[np.uint8]) -> Image.Image:
    """Opaque wherever a missing pixel has gone into the average."""
    reduced = _reduced(np.where(hole >= 128, np.uint8(255), np.uint8(0)))
    return reduced.point([0] + [255] * 255)


def _factor(shape: tuple[int, ...]) -> int:
    return -(-max(shape[:2]) // _LARGEST)


def _striped(hole: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The pattern that says "missing", uint8 [H, W, 3], as wide as it must be to be seen after a reduction."""
    rows, columns = np.indices(hole.shape)
    step = max(1, max(hole.shape) // 256)
    stripe = (rows + columns) // step % 10 < 2
    return np.where(stripe, np.uint8(_STRIPE), np.uint8(_PAPER))[..., None].repeat(3, axis=2)
