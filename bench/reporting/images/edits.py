"""Sheets of fills of one hole under several label maps, own, sampled, true and edited ones, each below its map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.image_files.decode import read_stored
from bench.masks.edit_names import EDITS
from bench.records import CellKey, Run, write_atomically
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.edits import edited_holes
from bench.reporting.images.grid import draw_grid
from bench.reporting.images.palette import painted
from bench.reporting.images.tiles import Tile, hatched, png_bytes, scaled
from bench.reporting.titles import dataset_title

if TYPE_CHECKING:
    from bench.reporting.analysis.models import ListedModel

__all__ = ["write_edit_sheets"]

_SAMPLES = 4
_CAPTIONS = ("edit-accuracy.hole", "control-accuracy.hole")


def write_edit_sheets(analysis: RunAnalysis) -> list[Path]:
    """Write `gallery/edits.png`, and `edits-2.png`, ... for further models that paint under label maps.

    Two rows a kept picture, label maps over fills; pictures take turns with the kinds of hole. None without edits.
    Returns the paths.
    """
    run, holes = analysis.run, edited_holes(analysis)
    kept = [sample for sample in run.info.gallery if run.layout.truth(sample).exists()]
    written: list[Path] = []
    for model in analysis.models if kept else ():
        picked = [(sample, holes[index % len(holes)]) for index, sample in enumerate(kept)] if holes else []
        columns = [list(_columns(run, model, sample, hole)) for sample, hole in picked]
        if not any(tile.picture is not None for of_sample in columns for _, tile, _ in of_sample[2:]):
            continue  # no label map of a fill: the model paints under none
        titles = list(dict.fromkeys(name for of_sample in columns for name, _, _ in of_sample))
        rows = [row for of_sample in columns for row in _rows(titles, of_sample)]
        names = [text for sample, hole in picked for text in (f"{sample}\n{hole}", "")]
        place = len(written) + 1
        path = run.layout.gallery / (f"edits-{place}.png" if place > 1 else "edits.png")
        title = f"{model.title} on {dataset_title(run.info)}; under each fill its control accuracy, edited pixels first"
        sheet = draw_grid(rows, column_titles=titles, row_titles=names, title=title)
        write_atomically(path, png_bytes(sheet))
        written.append(path)
    return written


def _rows(titles: Sequence[str], columns: Sequence[tuple[str, Tile, Tile]]) -> tuple[list[Tile], list[Tile]]:
    """The maps and the fills of a picture, in the places of their titles."""
    found = {name: (maps, fill) for name, maps, fill in columns}
    pairs = [found.get(name, (Tile(None), Tile(None))) for name in titles]
    return [maps for maps, _ in pairs], [fill for _, fill in pairs]


def _columns(run: Run, model: ListedModel, sample: str, hole: str) -> Iterator[tuple[str, Tile, Tile]]:
    """Title, label map and fill of every column of a picture."""
    layout = run.layout
    picture = read_stored(layout.truth(sample), "RGB")
    missing = layout.hole(hole, sample)
    known = hatched(picture, read_stored(missing, "L", picture.shape) >= 128) if missing.exists() else None
    yield "input", Tile(None, message="label maps"), Tile(known, message="no hole")
    yield "truth", _map(layout.labels(sample)), Tile(scaled(picture))
    cells = {key.protocol: key for key in filter(model.owns, run.keys())}
    if own := cells.get(hole):
        yield "own map", _map(layout.predicted_labels(own, sample)), _fill(run, own, sample)
        for place in range(1, _SAMPLES + 1):
            fill = layout.sampled_fill(own, sample, place)
            if fill.exists():
                yield (
                    f"sample {place}",
                    _map(layout.sampled_labels(own, sample, place)),
                    Tile(scaled(read_stored(fill, "RGB"))),
                )
    for edit in EDITS:
        if key := cells.get(f"{edit}:{hole}"):
            name = "true map" if edit == "edit-none" else edit.removeprefix("edit-").replace("-", " ")
            yield name, _map(layout.predicted_labels(key, sample)), _fill(run, key, sample)


def _fill(run: Run, key: CellKey, sample: str) -> Tile:
    cell = run.values(key) if key in run.cells else None
    row = cell.row.get(sample) if cell else None
    path = run.layout.fill(key, sample)
    if cell is None or row is None or not path.exists():
        skipped = cell is not None and row is not None and cell.status[row] == "skipped"
        return Tile(None, message="no such edit" if skipped else "not kept")
    values = [cell.values[name][row] for name in _CAPTIONS if name in cell.values]
    return Tile(scaled(read_stored(path, "RGB")), ", ".join(f"{value:.0f} %" for value in values if np.isfinite(value)))


def _map(path: Path) -> Tile:
    return Tile(scaled(painted(read_stored(path, "L")))) if path.exists() else Tile(None)
