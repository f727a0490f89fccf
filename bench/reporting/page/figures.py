"""The plots of a run inside the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from bench.reporting.naming import metric_title
from bench.reporting.page.markup import Markup, join, tag

__all__ = ["figures"]

_TITLES = {
    "hole-share": "Quality by hole share",
    "intervals": "Means and their intervals",
    "by-class": "Quality by class",
    "cost": "Quality against latency",
    "profile-latency": "Latency by resolution",
}


def figures(plots: Sequence[Path]) -> Markup:
    """A figure for every PNG of `plots`, at half its pixels: sharp on dense screens and on paper."""
    shown = [_figure(path) for path in plots if path.suffix == ".png"]
    return join(shown) if shown else tag("p", "No plots: no cell is whole yet.", class_="empty")


def _figure(path: Path) -> Markup:
    with Image.open(path) as image:
        width, height = image.size
        source = _webp(image)
    title = _title(path.stem)
    picture = tag("img", src=source, alt=f"Plot: {title}", width=width // 2, height=height // 2, decoding="async")
    return tag("figure", tag("figcaption", title), tag("div", picture, class_="paper", tabindex=0), class_="plot")


def _webp(image: Image.Image) -> str:
    """Lossless, about half of the PNG."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "WEBP", lossless=True, quality=30, method=2)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _title(stem: str) -> str:
    kind, _, key = stem.partition("-")
    if kind == "distribution" and "-" in key:
        metric, _, region = key.rpartition("-")
        return f"Distribution of {metric_title(f'{metric}.{region}')}"
    return _TITLES.get(stem, stem.replace("-", " ").capitalize())
