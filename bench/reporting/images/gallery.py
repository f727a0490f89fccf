"""Grids to look at: the picture with its hole, what every model made of it, and the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PIL import Image

from bench.image_files.decode import read_stored
from bench.records import CellKey, Run, folder_name, write_atomically
from bench.records.values import CellValues
from bench.reporting.analysis import RunAnalysis
from bench.reporting.images.grid import draw_grid, stacked
from bench.reporting.images.tiles import Tile, hatched, png_bytes, scaled
from bench.reporting.titles import dataset_title

if TYPE_CHECKING:
    pass

T = TypeVar("T")

__all__ = ["write_gallery"]

_CAPTION = "psnr.hole"
_MOST_MODELS = 6  # side by side, so that a page still shows what they made


def write_gallery(analysis: RunAnalysis) -> list[Path]:
    """Write `gallery/<protocol>.png`, a row a gallery sample, and `gallery/overall.png`, a row a protocol.

    More models than fit side by side stand in several grids, one below the other. A protocol none of whose gallery
    pictures was kept has no grid. Returns the paths.
    """
    run = analysis.run
    protocols = run.info.protocols
    kept = [sample for sample in run.info.gallery if run.layout.truth(sample).exists()]
    if not kept:
        return []
    grids = {folder_name(protocol): [(protocol, sample) for sample in kept] for protocol in protocols}
    overall = [(protocol, kept[index % len(kept)]) for index, protocol in enumerate(protocols)]
    written = []
    for name, rows in (("overall", overall), *grids.items()):
        path = run.layout.gallery / f"{name}.png"
        titles = [f"{protocol}\n{sample}" if name == "overall" else sample for protocol, sample in rows]
        where = "" if name == "overall" else f"{name} on "
        title = f"{where}{dataset_title(run.info)}; under each fill the PSNR of its hole"
        before = ["picture", "input"] if any(protocol in run.info.tasks for protocol, _ in rows) else ["input"]
        tiles = [_row(run, protocol, sample, before) for protocol, sample in rows]
        names = [*before, *(model.title for model in analysis.models), "truth"]
        write_atomically(path, png_bytes(_sheet(tiles, names, titles, title, len(before))))
        written.append(path)
    return written


def _sheet(
    rows: Sequence[Sequence[Tile]], names: Sequence[str], row_titles: Sequence[str], title: str, before: int
) -> Image.Image:
    grids = [
        draw_grid(
            [_band(row, band, before) for row in rows],
            column_titles=_band(names, band, before),
            row_titles=row_titles,
            title="" if band.start else title,
        )
        for band in _bands(len(names) - before - 1)
    ]
    return stacked(grids)


def _bands(models: int) -> list[range]:
    """Which models stand side by side, as evenly as can be."""
    size = -(-models // -(-models // _MOST_MODELS))
    return [range(start, min(start + size, models)) for start in range(0, models, size)]


def _band(row: Sequence[T], band: range, before: int) -> list[T]:
    """The first tiles and the last one of a row, and what the models of a band have between."""
    return [*row[:before], *(row[before + model] for model in band), row[-1]]


def _row(run: Run, protocol: str, sample: str, before: Sequence[str]) -> list[Tile]:
    """The picture, where it is not the truth; the input; the fills; the truth."""
    picture = read_stored(run.layout.truth(sample), "RGB")
    hole = run.layout.hole(protocol, sample)
    given = (
        Tile(hatched(picture, read_stored(hole, "L", picture.shape) >= 128))
        if hole.exists()
        else Tile(None, message="no hole")
    )
    every = run.keys()
    fills = [_fill(run, key, sample) for key in every if key.protocol == protocol]
    whole, truth = Tile(scaled(picture)), Tile(None, message="no truth")
    if protocol not in run.info.tasks:
        whole, truth = Tile(None, message="the truth"), whole
    elif (path := run.layout.removal_truth(protocol, sample)).exists():
        truth = Tile(scaled(read_stored(path, "RGB")))
    return [*([whole] if len(before) > 1 else []), given, *fills, truth]


def _fill(run: Run, key: CellKey, sample: str) -> Tile:
    cell = run.values(key) if key in run.cells else None
    row = cell.row.get(sample) if cell else None
    if cell is None or row is None:
        return Tile(None, message="not run yet")
    path = run.layout.fill(key, sample)
    if cell.status[row] != "ok" or not path.exists():
        return Tile(None, message={"ok": "not kept", "failed": "failed", "skipped": "no hole"}[cell.status[row]])
    return Tile(scaled(read_stored(path, "RGB")), _quality(cell, row))


def _quality(cell: CellValues, row: int) -> str:
    value = cell.values[_CAPTION][row] if _CAPTION in cell.values else math.nan
    if math.isnan(value):
        return ""
    return f"{value:.1f} dB" if math.isfinite(value) else "exact"
