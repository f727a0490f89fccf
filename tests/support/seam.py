"""Prints L1 in `object` holes by distance from the border of the hole: `python -m tests.support.seam`."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import typer
from scipy.ndimage import distance_transform_edt

import bench.data
import bench.masks
import bench.models
from bench.pictures import hide, quantise, unstack_pictures

EDGES = (0, 2, 4, 8, 16, 32, 400)


def main() -> None:
    """Print a line a model: mean L1 in percent of all hole pixels between two distances."""
    dataset, protocol = bench.data.load("streets", split="val", size=(256, 256), limit=40), bench.masks.get("object")
    typer.echo(" ".join(["pixels from the border:", *(f"{low}-{high}" for low, high in pairwise(EDGES))]))
    for name in ("telea", "spgnet", "spgnet:unguided"):
        model = bench.models.load(name)
        errors: list[npt.NDArray[np.float64]] = []
        distances: list[npt.NDArray[np.float64]] = []
        for sample in dataset:
            hole = protocol.hole(sample, 0, dataset)
            prediction = model.inpaint(hide([sample], [hole], 0, model.label_sources))
            filled = unstack_pictures(quantise(prediction.image))[0]
            errors.append(np.abs(filled.astype(float) - sample.image).mean(axis=-1)[hole] / 2.55)
            distances.append(distance_transform_edt(hole)[hole])
        found = np.digitize(np.concatenate(distances), EDGES, right=True)
        every = np.concatenate(errors)
        typer.echo(" ".join([name, *(f"{every[found == place].mean():.1f}" for place in range(1, len(EDGES)))]))


if __name__ == "__main__":
    main()
