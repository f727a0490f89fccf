"""The log of a training: log.csv and TensorBoard, cut back to the checkpoint when the training resumes."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from torch.utils.tensorboard import SummaryWriter

__all__ = ["TrainingLog"]

_COLUMNS = ("step", "stage", "stage_step", "seconds", "name", "value")


class TrainingLog:
    """Writes values to `log.csv` (one a line) and to TensorBoard (`stage/name` over the steps of all stages).

    Args:
        csv_file, tensorboard: the file and the folder to write to.
        step: the step from which the training resumes; lines of later steps are removed.
        offset: `position` at that step.
    """

    def __init__(self, csv_file: Path, tensorboard: Path, step: int = 0, offset: int = 0) -> None:
        csv_file.parent.mkdir(parents=True, exist_ok=True)
        self._name, self._folder = csv_file, tensorboard
        with _naming(csv_file):
            self._file: IO[str] = csv_file.open("r+" if offset else "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        try:
            self._begin(offset)
            with _naming(tensorboard):
                self._board = SummaryWriter(str(tensorboard), purge_step=step or None)
        except BaseException:
            with suppress(OSError):
                self._file.close()
            raise

    def _begin(self, offset: int) -> None:
        """Cut the file, or write its head."""
        with _naming(self._name):
            self._file.truncate(min(offset, self._name.stat().st_size))
            self._file.seek(0, 2)
            if not offset:
                self._writer.writerow(_COLUMNS)

    def write(self, step: int, stage: str, stage_step: int, seconds: float, values: Mapping[str, float]) -> None:
        """Log the values of a step: `step` counts over all stages, `seconds` is the time spent on training so far.

        Raises:
            OSError: with the name of the file or the folder that cannot be written, as the other methods.
        """
        with _naming(self._name):
            for name, value in values.items():
                self._writer.writerow([step, stage, stage_step, f"{seconds:.3f}", name, f"{value:.6g}"])
            self._file.flush()
        with _naming(self._folder):
            for name, value in values.items():
                self._board.add_scalar(f"{stage}/{name}", value, step)

    def position(self) -> int:
        """Size of log.csv so far, in bytes, all of them on the disk: a checkpoint counts on them."""
        with _naming(self._name):
            self._file.flush()
            os.fsync(self._file.fileno())
            return self._file.tell()

    def close(self) -> None:
        """Flush and close both."""
        try:
            with _naming(self._name):
                self._file.close()
        finally:
            with _naming(self._folder):
                self._board.close()


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Give what could not be written a name: the system names no file when a write fails."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
