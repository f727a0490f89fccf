"""What a user sees of an exception: one line and an exit code; its traceback is kept in a file."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import typer

from bench.cli.console.session import session
from bench.errors import EnvironmentFailure, SpgbenchError, visible

__all__ = ["report_error"]

INTERNAL = 3
"""Exit code of an error in our own code."""

_PACKAGES = ("bench", "baselines", "spgnet")
_LONGEST = 400

_FIXES = {
    errno.ENOSPC: "Free some space, or choose another place with -o.",
    errno.EDQUOT: "Free some space, or choose another place with -o.",
    errno.EFBIG: "Raise the limit with `ulimit -f`, or choose another place with -o.",
    errno.EROFS: "Choose another place, for example with -o.",
    errno.EACCES: "Change its permissions, or choose another place.",
    errno.EPERM: "Change its permissions, or choose another place.",
    errno.EMFILE: "Raise the limit with `ulimit -n`, or use fewer --workers.",
    errno.ENFILE: "Close other programs, or use fewer --workers.",
    errno.ENOLCK: "Choose a place on a file system with locks, with -o.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ENOENT: "Was it moved or deleted meanwhile?",
    errno.ESTALE: "Was it moved or deleted meanwhile?",
    errno.ENOTDIR: "Name a folder.",
    errno.EISDIR: "Name a file.",
    errno.ENOMEM: "Use a smaller --size, or fewer --workers.",
}


def report_error(error: Exception) -> int:
    """Print one line about `error` on stderr, keep its traceback, and return the exit code.

    Errors of ours say what to do and are not kept, unless the machine is their reason. With `--debug` the traceback is
    printed, too.
    """
    known = _known(error)
    text = str(known) if known else _internal(error)
    if known is None or isinstance(known, EnvironmentFailure):
        text += _kept(error)
    with suppress(OSError):  # of a stderr that cannot be written either
        if session.debug:
            typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
        typer.echo(f"spgbench: {visible(' '.join(text.split()))}", err=True)
    return known.exit_code if known else INTERNAL


def _known(error: BaseException) -> SpgbenchError | None:
    """The error as one of ours, if it is no mistake in the code."""
    if isinstance(error, SpgbenchError):
        return error
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or _is_allocation(error):
        fix = "Use a smaller --size, smaller batches, or fewer --workers."
        return EnvironmentFailure("memory", "hold pictures and models", f"too little ({_first_line(error)})", fix)
    if type(error).__name__ == "BrokenProcessPool":
        fix = "Memory may have run out: use fewer --workers."
        return EnvironmentFailure("worker processes", "stay alive", "one that was killed", fix)
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        path = error.filename2 or error.filename
        what = "a file" if path is None else _named(path)
        return EnvironmentFailure(what, "be usable", error.strerror.lower(), _FIXES.get(error.errno, ""))
    return None


def _named(path: object) -> str:
    """`path out/run.json`, or `standard output` as it is."""
    text = os.fsdecode(path) if isinstance(path, str | bytes) else str(path)
    return text if text.startswith("standard ") else f"path {text}"


def _is_allocation(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _internal(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    roots = {package: str(Path(__file__).parents[3] / package) for package in _PACKAGES}
    ours = [frame for frame in frames if any(frame.filename.startswith(root) for root in roots.values())]
    place = ""
    if frames:
        last = (ours or frames)[-1]
        file = Path(last.filename)
        top = Path(__file__).parents[3]
        place = f" ({file.relative_to(top) if file.is_relative_to(top) else file}:{last.lineno})"
    return f"internal error: {type(error).__name__}: {_first_line(error)}{place}."


def _first_line(error: BaseException) -> str:
    line = next(iter(str(error).strip().splitlines()), "") or "no message"
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."


def _kept(error: BaseException) -> str:
    """A sentence that says where the traceback is."""
    path = _keep("".join(traceback.format_exception(error)))
    if path is None:
        return " --debug or SPGBENCH_DEBUG=1 shows the traceback."
    return f" The traceback is in {path}; --debug or SPGBENCH_DEBUG=1 shows it."


def _keep(trace: str) -> Path | None:
    from bench.records import RunLayout

    head = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {' '.join(sys.argv)}\n"
    for folder in _log_folders():
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with RunLayout(folder).log.open("a", encoding="utf-8", errors="backslashreplace") as log:
                log.write(f"{head}{trace}\n")
            return RunLayout(folder).log
    return None


def _log_folders() -> Iterator[Path]:
    """The output folder, then one in the temporary folder, if there is a temporary folder."""
    if session.out is not None:
        yield session.out
    with suppress(OSError):
        yield Path(tempfile.gettempdir()) / f"spgbench-{os.getpid()}"
