"""The card of a training, card.json: data and settings, time, hardware, versions, and the last scores."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import torch
from lightning_fabric import Fabric

from bench.records import dump, write_atomically
from bench.strict_json import parse_json
from bench.training.output.folder import TrainingFolder

__all__ = ["write_card"]

_LIBRARIES = (
    "spgbench",
    "torch",
    "lightning-fabric",
    "segmentation-models-pytorch",
    "timm",
    "numpy",
    "opencv-python-headless",
)


def write_card(
    folder: TrainingFolder,
    spent: Mapping[str, dict[str, Any]],
    batch_size: int,
    fabric: Fabric,
    notes: Sequence[str] = (),
) -> None:
    """Write card.json: the settings, and for each stage steps, minutes, speed, last losses and validation scores.

    `notes` are sentences on how the networks began.
    """
    card = {
        "format": 1,
        "training": parse_json(folder.settings.read_text(encoding="utf-8")),
        "stages": {name: _stage(values, batch_size) for name, values in spent.items()},
        "steps": sum(values["steps"] for values in spent.values()),
        "minutes": round(sum(values["seconds"] for values in spent.values()) / 60, 2),
        "hardware": {"processes": fabric.world_size, "device": _device(fabric.device), "machine": platform.machine()},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    }
    if notes:
        card["notes"] = list(notes)
    write_atomically(folder.card, dump(card))


def _stage(values: Mapping[str, Any], batch_size: int) -> dict[str, Any]:
    seconds = values["training_seconds"]
    return {
        "steps": values["steps"],
        "minutes": round(values["seconds"] / 60, 2),
        "pictures per second": round(values["steps"] * batch_size / seconds, 2) if seconds else None,
        "share of time waiting for data": round(values["waited_seconds"] / seconds, 4) if seconds else None,
        "losses": values["losses"],
        "validation": values["scores"],
    }


def _device(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} with {torch.get_num_threads()} threads"
