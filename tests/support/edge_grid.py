"""Whether edges of fills stand on a grid: `python -m tests.support.edge_grid MODEL ... --dataset streets`.

Squared differences of neighbouring pixels in the hole, in the mean over channels, are averaged by their column (or
row) modulo 16, the stride of SPG-Net's generators. The table has, across and down, the largest of the 16 means over the
mean of all: 1 where edges stand anywhere, about as much as the first row, that of the true pictures, where they follow
the scenes alone. Holes are squares of half the side in the middle, whose columns and rows all have as many pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

import bench.data
import bench.masks
import bench.models
from bench.data import parse_size
from bench.pictures import hide, quantise, unstack_pictures
from bench.runtime.device import resolve_device
from bench.vocabulary import Dataset, Inpainter

STRIDE = 16
Levels = npt.NDArray[np.float64]


def edges_by_place(pictures: Sequence[npt.NDArray[np.uint8]], hole: npt.NDArray[np.bool_]) -> tuple[Levels, Levels]:
    """Mean squared differences across and down, float64 [16] each, by column and by row of the left or upper pixel.

    Args:
        pictures: uint8 [H, W, 3].
        hole: bool [H, W], the same of all: a rectangle.
    """
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    inside = np.stack([picture[np.ix_(rows, columns)] for picture in pictures]).astype(float).mean(axis=3)
    across, down = (np.square(np.diff(inside, axis=axis)) for axis in (2, 1))
    return _by_place(across.mean(axis=(0, 1)), columns[0]), _by_place(down.mean(axis=(0, 2)), rows[0])


def _by_place(energies: Levels, first: int) -> Levels:
    places = (np.arange(len(energies)) + first) % STRIDE
    return np.bincount(places, energies, STRIDE) / np.bincount(places, minlength=STRIDE)


def fills(model: Inpainter, dataset: Dataset, hole: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.uint8]]:
    """The model's pictures, uint8 [H, W, 3] each."""
    batches = (hide([sample], [hole], 0, model.label_sources) for sample in dataset)
    return [unstack_pictures(quantise(model.inpaint(batch).image.cpu()))[0] for batch in batches]


def main(
    models: list[str],
    *,
    dataset: str = "streets",
    data_root: Annotated[str | None, typer.Option(help="Folder of the data set.")] = None,
    split: str = "val",
    limit: int = 16,
    size: str = "256",
    device: str = "auto",
) -> None:
    """Print a Markdown table."""
    data = bench.data.Cached(bench.data.load(dataset, split, parse_size(size), data_root, limit))
    hole = bench.masks.get("center-50").hole(data[0], 0, data)
    typer.echo(f"{dataset} {split}, {len(data)} pictures at {size}\n\n| fills | across | down |\n|---|--:|--:|")
    rows = {"true pictures": [sample.image for sample in data]}
    rows |= {name: fills(bench.models.load(name, resolve_device(device), dataset), data, hole) for name in models}
    for name, pictures in rows.items():
        largest = (of_places.max() / of_places.mean() for of_places in edges_by_place(pictures, hole))
        typer.echo(f"| {name} | {' | '.join(f'{value:.2f}' for value in largest)} |")


if __name__ == "__main__":
    typer.run(main)
