"""Sample grids: the predictions of a stage for a few validation pictures, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from bench.pictures import png_bytes, quantise, unstack_pictures
from bench.records import write_atomically
from bench.reporting.images.palette import painted

__all__ = ["write_sample_grid"]

_GAP, _CAPTION, _MIN_WIDTH = 4, 18, 96
_BACKGROUND, _TEXT = (255, 255, 255), (40, 40, 40)


def write_sample_grid(path: Path, columns: Mapping[str, torch.Tensor]) -> None:
    """Write a PNG with a captioned column for each entry and a row for each picture.

    Args:
        path: of the PNG.
        columns: pictures, float [N, 3, H, W] in [0, 1], or label maps, integer [N, H, W] (VOID is drawn black).
    """
    smallest = min(values.shape[-1] for values in columns.values())
    zoom = -(-_MIN_WIDTH // smallest)
    tiles = {
        caption: _tiles(values.detach().cpu()).repeat(zoom, axis=1).repeat(zoom, axis=2)
        for caption, values in columns.items()
    }
    first = next(iter(tiles.values()))
    rows, height, width, _ = first.shape
    grid = Image.new("RGB", (len(tiles) * (width + _GAP) + _GAP, _CAPTION + rows * (height + _GAP)), _BACKGROUND)
    draw = ImageDraw.Draw(grid)
    for column, (caption, pictures) in enumerate(tiles.items()):
        left = _GAP + column * (width + _GAP)
        draw.text((left, 3), caption, _TEXT, ImageFont.load_default(11))
        for row, picture in enumerate(pictures):
            grid.paste(Image.fromarray(picture), (left, _CAPTION + row * (height + _GAP)))
    write_atomically(path, png_bytes(grid))


def _tiles(values: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if values.is_floating_point():
        return unstack_pictures(quantise(values.float()))
    return painted(values.numpy().astype(np.uint8))
