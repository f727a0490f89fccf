"""`spgbench calibrate`: how sure SPG-Net may be of its labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import options

__all__ = ["calibrate"]


def calibrate(
    weights: Annotated[Path, typer.Argument(help="Weight file of a guided SPG-Net.")],
    *,
    dataset: Annotated[str, typer.Option(help="Data set; see `spgbench ls datasets`.")] = "streets",
    data_root: options.DataRoot = None,
    split: Annotated[str, typer.Option(help="Split to fit on; use another one than for results.")] = "val",
    limit: Annotated[int, typer.Option(parser=options.Bounds("--limit", int, 1), help="Number of pictures.")] = 64,
    size: Annotated[str, typer.Option(help="256 (square) or 256x512 (height x width).")] = "256",
    protocol: Annotated[str, typer.Option(help="Mask protocol, or several, separated by commas.")] = "spg-random",
) -> None:
    """Fit the temperature of SP-Net's labels on pictures that were not trained on, and print it.

    The temperature is the one with the best PSNR in the hole. It is written into the JSON file beside the weights.

    Example: spgbench calibrate results/train-spgnet-camvid/weights/spgnet.safetensors --dataset camvid --data-root DIR
    """
    from bench.data import parse_size
    from bench.training import open_data
    from bench.training.calibration import calibrate as fit

    data = open_data(
        dataset, data_root, parse_size(size), protocol, split=split, validation_split=split, validation_limit=limit
    )
    typer.echo(fit(weights, data))
