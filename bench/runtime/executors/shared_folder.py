"""A hidden folder in the output of a command, by which the driver and workers on other machines see one another."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError

__all__ = ["NotingWorker", "SharedFolder", "hidden_from", "remove_shared_folders"]

_PREFIX = ".workers-"
_ARRAY = "array"


@dataclass(frozen=True)
class SharedFolder:
    """The folder; can be pickled.

    Attributes:
        path: of the folder, absolute.
        token: content of a file that the driver writes: who reads it back sees the driver's folder.
    """

    path: Path
    token: str

    @classmethod
    @contextmanager
    def made_in(cls, out: Path) -> Iterator[SharedFolder]:
        """Make the folder in an output folder, which is made if it is not there, and remove it at the end."""
        from filelock import FileLock

        out = out.absolute()
        out.mkdir(parents=True, exist_ok=True)
        remove_shared_folders(out)
        shared = cls(Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out)), uuid.uuid4().hex)
        try:
            with FileLock(shared.path / "driver.lock"):
                shared._marker.write_text(shared.token)
                yield shared
        finally:
            shutil.rmtree(shared.path, ignore_errors=True)

    def is_visible(self) -> bool:
        """Whether this process sees the folder, and the driver still wants work."""
        try:
            return self._marker.read_text() == self.token
        except OSError:
            return False

    def has_driver(self) -> bool:
        """Whether the driver lives and has the folder; for processes on its machine, where locks can be relied upon."""
        if not self.path.is_dir():
            return False
        with _held(self.path) as is_abandoned:
            return not is_abandoned

    def withdraw(self) -> None:
        """Tell all workers that the driver wants no more work."""
        self._marker.unlink(missing_ok=True)

    def note(self, worker: int, text: str) -> None:
        """Write down what a worker is at; a folder that is gone is no error."""
        with contextlib.suppress(OSError):
            self._note(worker).write_text(f"{text}\n{socket.gethostname()}")

    def last_note(self, worker: int) -> str:
        """The last note of a worker and its machine: ` at picture 0001 on node7`; empty when there is none."""
        try:
            text, _, host = self._note(worker).read_text().rpartition("\n")
        except (OSError, UnicodeDecodeError):
            return ""
        return f" at {text} on {host}" if text else ""

    def note_array(self, job: str) -> None:
        """Write down the number of the job array whose elements are the workers."""
        (self.path / _ARRAY).write_text(job)

    @property
    def _marker(self) -> Path:
        return self.path / "driver"

    def _note(self, worker: int) -> Path:
        return self.path / f"note-{worker}"


class NotingWorker:
    """The engine, as a task sees it from inside a worker: notes are written down, samples are counted.

    Args:
        shared: the folder that it shares with the driver.
        number: of the worker, of which there is one with this number.
        threads, device: as of `Worker`.
    """

    def __init__(self, shared: SharedFolder, number: int, threads: int, device: str) -> None:
        self.threads, self.device = threads, device
        self._shared, self._number, self._done = shared, number, 0

    def note(self, text: str) -> None:
        """Say what begins now."""
        self._shared.note(self._number, text)

    def advance(self, count: int) -> None:
        """Say that so many more samples are done; raises KeyboardInterrupt when the driver removed the folder."""
        self._done += count
        if not self._shared.is_visible():
            raise KeyboardInterrupt

    def take_done(self) -> int:
        """The number of samples done since the last call."""
        done, self._done = self._done, 0
        return done


def remove_shared_folders(out: Path) -> None:
    """Remove the folders in an output folder whose driver was killed, and cancel the job arrays that go on for it."""
    for folder in sorted(out.glob(f"{_PREFIX}*")):
        with _held(folder) as is_abandoned:
            if is_abandoned:
                _cancel_array(folder)
                shutil.rmtree(folder, ignore_errors=True)


def hidden_from(out: Path, machine: str) -> UsageError:
    """The error that a worker does not see the output folder."""
    found = f"a worker on {machine} that does not see it"
    return UsageError(f"output folder {out}", "be seen by all workers", found, "Choose one on a shared disk with -o.")


def _cancel_array(folder: Path) -> None:
    if shutil.which("scancel") is None:
        return
    with contextlib.suppress(OSError):
        if (job := (folder / _ARRAY).read_text()).isdecimal():
            subprocess.run(["scancel", job], check=False)  # noqa: S603, S607 (a number; SLURM is on the path)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Whether no driver holds a folder; holds it in the block if so."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "driver.lock")
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
