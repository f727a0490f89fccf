"""One case of one reader, watched: what it raises, how long it takes, how much memory, which files and programs."""

from __future__ import annotations

import os
import resource
import signal
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from bench.errors import SpgbenchError

__all__ = ["Guard"]

LONGEST_MESSAGE = 4000
"""Characters of a message; one that repeats a whole file is no message."""

_RUNS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect", "pickle.find_class")
_CHANGES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_INSTALLED = tuple(
    {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())}
    | {str(Path(__file__).parents[2])}
)
_SYSTEM = ("/proc/", "/sys/", "/usr/", "/lib", "/etc/", "/dev/null", "/dev/urandom")
"""What libraries look at when they are used for the first time; nothing of it is a user's."""


class _TooSlow(BaseException):
    """More processor time than a case may take."""


class Guard:
    """Runs readers on hostile bytes and says what they did that no input may make them do.

    Args:
        root: the folder that a reader is given: the only one that it may read or write.
        seconds: processor time that a case may take.
        mebibytes: memory that all cases may take beyond what the process has now.
    """

    def __init__(self, root: Path, seconds: float = 10.0, mebibytes: int = 1024) -> None:
        self.root = root
        self._real = os.path.realpath(root) + os.sep
        self._seconds, self._kibibytes = seconds, mebibytes * 1024
        self._most = _peak() + self._kibibytes
        self._seen: list[str] = []
        self._watching = False
        sys.addaudithook(self._audit)

    def run(self, read: Callable[[bytes, Path], object], data: bytes, *, pickles: bool = False) -> str:
        """What is wrong with how `read` takes `data`, with the last lines of a traceback; empty when nothing is.

        Args:
            read: writes the bytes where a reader wants them in the folder, and calls it.
            data: any bytes.
            pickles: whether the reader unpickles tensors of known types.
        """
        self._seen.clear()
        try:
            with warnings.catch_warnings(), self._timed(), self._watched():
                warnings.simplefilter("ignore")
                read(data, self.root)
        except SpgbenchError as error:
            wrong = _message_fault(error)
        except _TooSlow:
            wrong = f"takes more than {self._seconds:.0f} s: {_place(sys.exc_info()[1])}"
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            wrong = f"{type(error).__name__} at {_place(error)}: {str(error)[:200]!r}"
        else:
            wrong = ""
        if (peak := _peak()) > self._most:
            grown, self._most = peak - self._most + self._kibibytes, peak + self._kibibytes
            wrong = wrong or f"takes {grown // 1024} MiB of memory"
        seen = [one for one in self._seen if not (pickles and one.startswith("pickle."))]
        return wrong or "; ".join(seen[:3])

    @contextmanager
    def _timed(self) -> Iterator[None]:
        before = signal.signal(signal.SIGPROF, _stop)
        signal.setitimer(signal.ITIMER_PROF, self._seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        self._watching = True
        try:
            yield
        finally:
            self._watching = False

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | bytes) and not self._may_open(os.fsdecode(path), bool(flags & _WRITES)):
                self._seen.append(f"opens {os.fsdecode(path)}")
        elif event in ("os.listdir", "os.scandir"):
            if isinstance(arguments[0], str) and not self._may_open(arguments[0], writes=False):
                self._seen.append(f"{event} of {arguments[0]}")
        elif event in _CHANGES:
            paths = [os.fsdecode(one) for one in arguments if isinstance(one, str | bytes | os.PathLike)]
            if not all(self._is_inside(path) for path in paths):
                self._seen.append(f"{event} of {', '.join(paths)}")
        elif event.startswith(_RUNS):
            self._seen.append(f"{event} {arguments!r}"[:200])

    def _may_open(self, path: str, writes: bool) -> bool:
        if self._is_inside(path):
            return True
        real = os.path.realpath(path)
        return not writes and (real.startswith(_INSTALLED) or real.startswith(_SYSTEM))

    def _is_inside(self, path: str) -> bool:
        real = os.path.realpath(path)
        return f"{real}{os.sep}".startswith(self._real)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _TooSlow


def _peak() -> int:
    """Most memory that this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _message_fault(error: SpgbenchError) -> str:
    """What is wrong with a message that is meant for a user."""
    if not (error.subject and error.must and error.found):
        return f"a message without its parts: {error.args!r}"
    if len(str(error)) > LONGEST_MESSAGE:
        return f"a message of {len(str(error))} characters: {str(error)[:200]} {_place(error)}"
    return ""


def _place(error: BaseException | None) -> str:
    """The last frames of a traceback that are of our packages, innermost last."""
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    ours = [frame for frame in frames if not frame.filename.startswith(str(Path(__file__).parent))]
    return " <- ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(ours[-6:]))
