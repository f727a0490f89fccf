"""Packs a data set for a quick transfer: `python -m tests.support.training_pack OUT --data-root DIR`.

The pictures are cropped and resized by the package's own reader. Those to train on have `--max-scale` times the size
and are stored as JPEG without subsampling of colours. Those to validate on have the size itself and are stored without
loss, so that scores are those of the original files. The layout is CamVid's images/, labels/, splits/:

    spgbench train MODEL --dataset camvid --data-root OUT --size SIZE
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

import bench.data
from bench.data.camvid.classes import CLASSES, UNLABELLED
from bench.errors import DataError
from bench.image_files.decode import read_picture
from bench.vocabulary import VOID, Dataset, Sample


def write_split(out: Path, name: str, dataset: Dataset, quality: int | None = None) -> float:
    """Write a data set with CamVid's classes as a split of a pack.

    Args:
        out: folder of the pack.
        name: of the split.
        dataset: its pictures and label maps.
        quality: of JPEG; None for pictures without loss.

    Returns:
        Mean absolute error of the stored pictures, in levels of 255.

    Raises:
        DataError: other classes, or a picture without labels.
    """
    if tuple(dataset.classes) != CLASSES:
        raise DataError(f"data set '{dataset.name}'", "have CamVid's 11 classes", ", ".join(dataset.classes) or "none")
    for folder in ("images", "labels", "splits"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    errors = [_write_sample(out, sample, quality) for sample in dataset]
    (out / "splits" / f"{name}.txt").write_text("".join(f"{one}\n" for one in dataset.ids), encoding="utf-8")
    return float(np.mean(errors))


def _write_sample(out: Path, sample: Sample, quality: int | None) -> float:
    if sample.labels is None:
        raise DataError(f"sample '{sample.id}'", "have a label map", "none")
    path = out / "images" / f"{sample.id}.{'webp' if quality is None else 'jpg'}"
    picture = Image.fromarray(sample.image)
    if quality is None:
        picture.save(path, lossless=True, quality=100, method=6)
    else:
        picture.save(path, quality=quality, subsampling=0, optimize=True)
    labels = np.where(sample.labels == VOID, UNLABELLED, sample.labels).astype(np.uint8)
    Image.fromarray(labels).save(out / "labels" / f"{sample.id}.png", optimize=True)
    return float(np.abs(read_picture(path).astype(int) - sample.image).mean())


def main(
    out: Path,
    *,
    data_root: Annotated[str, typer.Option(help="Folder of the data set.")],
    dataset: str = "camvid",
    size: Annotated[int, typer.Option(help="--size of the training: pixels a side.")] = 256,
    max_scale: Annotated[float, typer.Option(help="--max-scale of the training.")] = 1.25,
    validation: Annotated[int, typer.Option(help="Number of pictures of the split val.")] = 64,
    quality: Annotated[int, typer.Option(help="Of JPEG.")] = 97,
) -> None:
    """Write the splits train and val, and print size and error of the pack."""
    side = round(size * max_scale)
    train = bench.data.load(dataset, "train", (side, side), data_root)
    val = bench.data.load(dataset, "val", (size, size), data_root, validation)
    errors = write_split(out, "train", train, quality), write_split(out, "val", val)
    total = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
    typer.echo(f"{len(train)} + {len(val)} pictures, {total:.1f} MB; mean absolute errors in levels of 255: ", nl=False)
    typer.echo(f"train {errors[0]:.2f}, val {errors[1]:.2f}")


if __name__ == "__main__":
    typer.run(main)
