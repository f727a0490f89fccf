"""Sample sheets: what a stage makes of a few validation pictures, one row each."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from bench.records import write_atomically
from bench.reporting.images.palette import painted

__all__ = ["write_sample_grid"]

_GAP, _CAPTION, _NARROWEST = 4, 18, 96
_PAPER, _INK = (255, 255, 255), (40, 40, 40)


def write_sample_grid(path: Path, columns: Mapping[str, torch.Tensor]) -> None:
    """Write a PNG with a captioned column for each entry and a row for each picture.

    Args:
        path: of the PNG.
        columns: pictures, float [N, 3, H, W] in [0, 1], or label maps, integer [N, H, W] (VOID is drawn black).
    """
    narrowest = min(values.shape[-1] for values in columns.values())
    zoom = -(-_NARROWEST // narrowest)
    tiles = {
        caption: _tiles(values.detach().cpu()).repeat(zoom, axis=1).repeat(zoom, axis=2)
        for caption, values in columns.items()
    }
    first = next(iter(tiles.values()))
    rows, height, width, _ = first.shape
    sheet = Image.new("RGB", (len(tiles) * (width + _GAP) + _GAP, _CAPTION + rows * (height + _GAP)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for column, (caption, pictures) in enumerate(tiles.items()):
        left = _GAP + column * (width + _GAP)
        draw.text((left, 3), caption, _INK, ImageFont.load_default(11))
        for row, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (left, _CAPTION + row * (height + _GAP)))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    write_atomically(path, buffer.getvalue())


def _tiles(values: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if values.is_floating_point():
        return values.float().clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    return painted(values.numpy().astype(np.uint8))
