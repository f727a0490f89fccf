"""`spgbench card`: the model card of trained weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.console.outputs import output_file

__all__ = ["card"]


def card(
    trainings: Annotated[
        list[Path],
        typer.Argument(
            help="Output folders of the trainings, in their order; WEIGHTS.card.json for earlier trainings."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Path of the weights, without their suffix.", parser=output_file("--out")),
    ],
) -> None:
    """Write the card of trained weights: WEIGHTS.card.json, and WEIGHTS.curves.png with the scores on `val`.

    Example: spgbench card weights/half.card.json results/whole-size -o weights/streets
    """
    from bench.reporting.training_card import training_card

    for path in training_card(trainings, out):
        typer.echo(path)
