"""Checkpoints: written atomically; the newest two are kept."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from bench.errors import Failure
from bench.records.files import sync_folder

__all__ = ["Checkpoints"]

_KEEP = 2


class Checkpoints:
    """The checkpoints of one training, `step-00001234.pt` in a folder.

    Args:
        folder: made at the first `save`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> list[Path]:
        """Complete checkpoints, the oldest first."""
        return sorted(self.folder.glob("step-*.pt"))

    def save(self, step: int, state: dict[str, Any]) -> Path:
        """Write a new file beside the others, flush it to the disk, rename it; then delete all but the newest two.

        What an earlier process left half-written is deleted, too.

        Args:
            step: steps of the whole training; names the file.
            state: tensors, numbers and strings, in dicts and lists.

        Raises:
            Failure: the file cannot be written, for example because the disk is full; the older files stay.
        """
        path = self.folder / f"step-{step:08d}.pt"
        part = path.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync_folder(self.folder)  # before the older ones go
            for old in (*self.paths()[:-_KEEP], *self.folder.glob("step-*.part")):
                old.unlink()
        except BaseException as error:  # Ctrl-C as well
            with suppress(OSError):
                part.unlink(missing_ok=True)
            if interrupt := _stop(error):
                raise interrupt from error
            if not isinstance(error, OSError | RuntimeError):  # torch words a failed write as RuntimeError
                raise
            raise Failure(f"checkpoint {path}", "be written", _reason(error), self._advice(error)) from error
        return path

    def load(self) -> dict[str, Any] | None:
        """The newest checkpoint that can be read, on the CPU; None when there is none.

        Raises:
            Failure: there are checkpoints and none of them can be read.
        """
        failed = ""
        for path in reversed(self.paths()):
            try:
                state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
                return state
            except Exception as error:  # noqa: BLE001 (a damaged file fails in many ways; the one before may be whole)
                failed = failed or f"{path.name}: {_first_line(error)}"
        if failed:
            raise Failure(f"checkpoints in {self.folder}", "be readable", failed, "Start again with --restart.")
        return None

    def _advice(self, error: Exception) -> str:
        paths = self.paths()
        last = f"{paths[-1]} is whole: the same command goes on from it." if paths else "There is none before it."
        fault = _fault(error)
        full = fault is None or fault.errno in (errno.ENOSPC, errno.EDQUOT)
        return f"{'Make room on the disk.' if full else 'Check the disk.'} {last}"


def _fault(error: BaseException | None) -> OSError | None:
    """What the system said, which torch may have worded anew."""
    while error is not None and not (isinstance(error, OSError) and error.strerror):
        error = error.__cause__ or error.__context__
    return error


def _stop(error: BaseException | None) -> KeyboardInterrupt | None:
    """Ctrl-C within a write, which torch may have worded anew."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def _reason(error: Exception) -> str:
    fault = _fault(error)
    return fault.strerror or "" if fault else _first_line(error)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
