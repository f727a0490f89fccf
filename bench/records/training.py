"""What a training leaves on disk, and its reader."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import DataError

__all__ = ["CARD", "LOG", "TrainingRecord", "read_log", "read_training"]

CARD, LOG = "card.json", "log.csv"


@dataclass(frozen=True)
class TrainingRecord:
    """A finished training.

    Attributes:
        card: settings, and for each stage steps, minutes, rates, last losses and last validation; hardware, versions.
        log: the lines of log.csv: step, stage, stage_step, seconds, name, value.
    """

    card: dict[str, Any]
    log: list[dict[str, str]]

    @property
    def pictures(self) -> str:
        """Size and holes of the pictures: `256x256 under freeform@1`."""
        data = self.card["training"]["data"]
        return f"{data['size']} under {data['protocol']}"

    @property
    def batch_size(self) -> int:
        """Pictures a step."""
        return int(self.card["training"]["batch size"])


def read_training(folder: Path) -> TrainingRecord:
    """Read the output folder of a finished training.

    Raises:
        DataError: there is none, or a file of it is damaged.
    """
    try:
        record = TrainingRecord(json.loads((folder / CARD).read_text(encoding="utf-8")), read_log(folder / LOG))
        _ = record.pictures, record.batch_size, record.card["stages"], record.card["minutes"]  # or it is damaged
        return record
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = "Name the output folder of `spgbench train`, and let the training end."
        raise DataError(f"folder {folder}", f"hold a training's {CARD} and {LOG}", repr(error), fix) from error


def read_log(csv_file: Path) -> list[dict[str, str]]:
    """The lines of a log.csv as dicts: step, stage, stage_step, seconds, name, value."""
    with csv_file.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
