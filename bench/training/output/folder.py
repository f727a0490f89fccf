"""The output folder of a training: its paths, and the check that it holds the same training."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import RunConflict
from bench.records import dump, write_atomically
from bench.records.training import CARD, LOG
from bench.strict_json import parse_json

__all__ = ["TrainingFolder"]


@dataclass(frozen=True)
class TrainingFolder:
    """Paths inside one output folder."""

    out: Path

    @property
    def settings(self) -> Path:
        """The settings: all that the weights depend on."""
        return self.out / "training.json"

    @property
    def checkpoints(self) -> Path:
        """The newest two checkpoints."""
        return self.out / "checkpoints"

    @property
    def log(self) -> Path:
        """All logged values, one a line."""
        return self.out / LOG

    @property
    def tensorboard(self) -> Path:
        """The same values for TensorBoard."""
        return self.out / "tensorboard"

    @property
    def weights(self) -> Path:
        """The trained weights."""
        return self.out / "weights"

    @property
    def card(self) -> Path:
        """Data, steps, minutes, hardware, versions, scores."""
        return self.out / CARD

    def sample_grid(self, stage: str, step: int) -> Path:
        """Validation pictures filled by a stage after `step` steps of it."""
        return self.out / "sheets" / f"{stage}-{step:08d}.png"

    def check(self, settings: Mapping[str, Any], *, restart: bool) -> None:
        """Raise RunConflict unless the folder is empty, or holds a training with these settings or one to restart."""
        if self.settings.exists():
            if not restart and (differences := _differences(self._earlier(), _flat(settings))):
                fix = "Give the same settings, another folder with -o, or --restart to begin anew."
                raise RunConflict(f"training in {self.out}", "have the settings of this command", differences, fix)
        elif self.out.is_dir() and any(not path.name.startswith(".") for path in self.out.iterdir()):
            fix = "Choose another folder with -o."
            raise RunConflict(f"output folder {self.out}", "be empty or hold a training", "other files", fix)

    def begin(self, settings: Mapping[str, Any], *, restart: bool) -> None:
        """Write the settings; with `restart` remove what an earlier training wrote."""
        if restart:
            for path in (self.checkpoints, self.tensorboard, self.weights, self.out / "sheets"):
                shutil.rmtree(path, ignore_errors=True)
            for path in (self.log, self.card):
                path.unlink(missing_ok=True)
        write_atomically(self.settings, dump(settings))

    def _earlier(self) -> dict[str, Any]:
        try:
            return _flat(parse_json(self.settings.read_text(encoding="utf-8")))
        except (ValueError, AttributeError) as error:
            fix = "Give --restart to begin anew."
            raise RunConflict(f"file {self.settings}", "be as it was written", repr(error), fix) from error


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = list(value) if isinstance(value, tuple) else value
    return flat


def _differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    names = sorted(name for name in earlier.keys() | now.keys() if earlier.get(name) != now.get(name))
    return ", ".join(f"{name} {earlier.get(name)!r} where the command says {now.get(name)!r}" for name in names)
