"""What a training leaves on disk, and its reader."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import DataError
from bench.strict_json import parse_json

__all__ = ["CARD", "CHECKS", "LOG", "TrainingRecord", "read_log", "read_training", "read_trainings", "trained_on"]

CARD, LOG = "card.json", "log.csv"
CHECKS = "checks"
"""Of a training in a card of several: the scores of all its validations."""


@dataclass(frozen=True)
class TrainingRecord:
    """A finished training.

    Attributes:
        card: settings, and for each stage steps, minutes, rates, last losses and last validation; hardware, versions.
        checks: the scores of every validation: stage, stage_step, name (`val.psnr.hole`), value.
    """

    card: dict[str, Any]
    checks: list[dict[str, Any]]

    @property
    def pictures(self) -> str:
        """Data set, size and holes of the pictures: `streets 256x256 under freeform@1`."""
        data = self.card["training"]["data"]
        return f"{data['dataset']} {data['size']} under {data['protocol']}"

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
        checks = [_check(line) for line in read_log(folder / LOG) if line["name"].startswith("val.")]
        return _whole(parse_json((folder / CARD).read_text(encoding="utf-8")), checks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, csv.Error) as error:
        fix = "Name the output folder of `spgbench train`, and let the training end."
        raise DataError(f"folder {folder}", f"hold a training's {CARD} and {LOG}", repr(error), fix) from error


def read_trainings(path: Path) -> list[TrainingRecord]:
    """Read the output folder of a training, or the card of several: `WEIGHTS.card.json`.

    Raises:
        DataError: there is none, or a file of it is damaged.
    """
    if path.is_dir() or path.suffix != ".json":
        return [read_training(path)]
    try:
        parts = parse_json(path.read_text(encoding="utf-8"))["trainings"]
        return [_whole({key: value for key, value in part.items() if key != CHECKS}, part[CHECKS]) for part in parts]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        fix = "Name a file that `spgbench card` wrote, or the output folder of a training."
        raise DataError(f"card {path}", f"hold trainings and their {CHECKS}", repr(error), fix) from error


def trained_on(weights: Path) -> tuple[str, ...]:
    """Names of the data sets that weights were trained on, in the order of their trainings, each once.

    Read from the card beside the weight file: `WEIGHTS.card.json`, or the `card.json` of the training that wrote it.
    Empty without a card, or with one that does not name them.
    """
    for card in (weights.with_suffix(".card.json"), weights.with_name(CARD)):
        try:
            data = parse_json(card.read_text(encoding="utf-8"))
            trainings = data.get("trainings", [data])
            return tuple(dict.fromkeys(str(part["training"]["data"]["dataset"]) for part in trainings))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return ()


def _whole(card: dict[str, Any], checks: list[dict[str, Any]]) -> TrainingRecord:
    """A record that has all that is read of it; raises KeyError or TypeError."""
    record = TrainingRecord(card, [_check(line) for line in checks])
    _ = record.pictures, record.batch_size, record.card["stages"], record.card["minutes"]
    return record


def _check(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stage": line["stage"],
        "stage_step": int(line["stage_step"]),
        "name": line["name"],
        "value": float(line["value"]),
    }


def read_log(csv_file: Path) -> list[dict[str, str]]:
    """The lines of a log.csv as dicts: step, stage, stage_step, seconds, name, value."""
    with csv_file.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
