"""The plots of a run inside the page."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bench.metrics import metric_title

__all__ = ["EmbeddedPlot", "embedded_plots"]

_TITLES = {
    "hole-share": "Quality by hole share",
    "intervals": "Means and their intervals",
    "by-class": "Quality by class",
    "edits": "Guidance by size of the edit",
    "cost": "Quality against latency",
    "profile-latency": "Latency by resolution",
}


@dataclass(frozen=True)
class EmbeddedPlot:
    """A plot as the page shows it, at half its pixels: sharp on dense screens and on paper.

    Attributes:
        title: over it.
        source: the picture as a data URI.
        width, height: in CSS pixels.
    """

    title: str
    source: str
    width: int
    height: int


def embedded_plots(plots: Iterable[Path]) -> Sequence[EmbeddedPlot]:
    """One for every PNG of `plots`, encoded on all cores."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(_embedded, (path for path in plots if path.suffix == ".png")))


def _embedded(path: Path) -> EmbeddedPlot:
    with Image.open(path) as image:
        return EmbeddedPlot(_title(path.stem), _webp(image), image.width // 2, image.height // 2)


def _webp(image: Image.Image) -> str:
    """Lossless, about half of the PNG."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "WEBP", lossless=True, quality=30, method=2)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _title(stem: str) -> str:
    kind, _, key = stem.partition("-")
    if kind == "distribution" and "-" in key:
        metric, _, region = key.rpartition("-")
        return f"Distribution of {metric_title(metric)} {region}"
    return _TITLES.get(stem, stem.replace("-", " ").capitalize())
