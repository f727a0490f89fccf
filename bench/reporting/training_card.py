"""The model card of weights that several trainings made one after the other: their cards, and curves of validation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.records import dump, write_atomically
from bench.records.training import CHECKS, read_trainings
from bench.reporting.plots.style import styled
from bench.reporting.plots.training_curves import training_curves_plot

__all__ = ["training_card"]


def training_card(trainings: Sequence[Path], stem: Path) -> list[Path]:
    """Write `STEM.card.json` and `STEM.curves.png`.

    Args:
        trainings: their output folders, in the order in which they were made; the card of weights that they began with
            stands for all trainings before.
        stem: path of the weights, without their suffix.

    Returns:
        The paths written.

    Raises:
        DataError: a folder holds no finished training, or a card cannot be read.
    """
    records = [record for path in trainings for record in read_trainings(path)]
    card = stem.with_name(f"{stem.name}.card.json")
    parts = [{**record.card, CHECKS: record.checks} for record in records]
    minutes = round(sum(part["minutes"] for part in parts), 2)
    write_atomically(card, dump({"format": 1, "minutes": minutes, "trainings": parts}))
    plot = stem.with_name(f"{stem.name}.curves.png")
    with styled():
        training_curves_plot(records).savefig(plot, dpi=150, metadata={"Software": None})
    return [card, plot]
