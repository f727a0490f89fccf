"""`spgbench fill`: one picture and its mask, filled."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options
from bench.cli.console.session import say
from bench.errors import DataError, UsageError

__all__ = ["fill"]


def fill(
    image: Annotated[Path, typer.Argument(help="Picture to fill, of any size.")],
    mask: Annotated[Path, typer.Argument(help="Its mask, of the same size.")],
    *,
    model: Annotated[str, typer.Option(help="Model; see `spgbench ls models`.")] = "spgnet",
    hole: Annotated[
        options.HoleChoice, typer.Option(help="What the hole is in the mask: a colour, or a part of its alpha channel.")
    ] = options.HoleChoice.white,
    seed: options.Seed = None,
    device: options.Device = "auto",
    out: options.OutFile = None,
) -> None:
    """Fill the hole of one picture; known pixels stay as they are. The output is a PNG file.

    Example: spgbench fill photo.jpg mask.png --model spgnet -o filled.png
    """
    import bench.models
    from bench.evaluation.fill import fill_picture
    from bench.image_files.decode import read_picture
    from bench.image_files.masks import read_mask
    from bench.pictures import png_bytes
    from bench.records import WeightsInfo, write_atomically
    from bench.runtime.device import resolve_device

    path = out or Path(f"{image.stem}-filled.png")
    _check_paths(image, mask, path)
    picture, missing = read_picture(image), read_mask(mask, hole.value).hole
    height, width = missing.shape
    if (height, width) != picture.shape[:2]:
        must = f"be as large as the picture, {picture.shape[0]}x{picture.shape[1]}, height x width"
        raise DataError(f"mask {mask}", must, f"{height}x{width}", "Draw it on the picture as it is shown.")
    painter = bench.models.load(model, resolve_device(device))
    start = time.perf_counter()
    filled = fill_picture(painter, picture, missing, image.stem, seed or 0)
    seconds = time.perf_counter() - start
    write_atomically(path, png_bytes(filled))
    typer.echo(path)
    weights = getattr(painter, "weights", None)
    by = f"{painter.name}, weights {weights.name}" if isinstance(weights, WeightsInfo) else painter.name
    what = f"{height}x{width} pixels (height x width), {100 * missing.mean():.1f} % of them missing"
    say(f"{what}; filled by {by} in {seconds:.1f} s")


def _check_paths(image: Path, mask: Path, out: Path) -> None:
    """Raises UsageError for folders, and for an output that is no PNG file or one of the inputs."""
    if image.is_dir() or mask.is_dir():
        fix = "For folders: spgbench predict --dataset folder --data-root DIR --size native --protocols files:MASKS."
        raise UsageError("IMAGE and MASK", "be files", f"folder {image if image.is_dir() else mask}", fix)
    if out.suffix.lower() != ".png":
        raise UsageError(f"output {out}", "end in .png", f"'{out.suffix}'", "Other formats change known pixels.")
    if any(out.exists() and path.exists() and out.samefile(path) for path in (image, mask)):
        raise UsageError(f"output {out}", "be another file than the picture and the mask", "the same", "Name another.")
