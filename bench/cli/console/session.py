"""What the whole command line of this process asked for, whichever command it is."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import typer

from bench.errors import visible

__all__ = ["Session", "begin", "one_line", "say", "session", "shown_plainly", "warn"]


@dataclass
class Session:
    """The global options, and the output folder of the command.

    Attributes:
        quiet: whether messages and progress are left out; warnings and errors are not.
        verbose: whether tables show everything: signatures, notes, all columns.
        debug: whether an error is shown with its traceback.
        out: output folder, once the command knows it: the traceback of an error is kept in its `log.txt`.
    """

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    out: Path | None = None


session = Session()


def begin(*, quiet: bool, verbose: bool, debug: bool) -> None:
    """Set the global options of a new command; `SPGBENCH_DEBUG=1` is `--debug`."""
    session.quiet, session.verbose = quiet, verbose
    session.debug = debug or os.environ.get("SPGBENCH_DEBUG", "") not in {"", "0"}
    session.out = None


def say(text: object) -> None:
    """A message on stderr, unless the command is to be quiet."""
    if not session.quiet:
        typer.echo(visible(str(text)), err=True)


def warn(text: object) -> None:
    """A warning on stderr."""
    typer.echo(f"warning: {visible(str(text))}", err=True)


def shown_plainly(record: logging.LogRecord) -> bool:
    """A filter of the log: names of files that a message holds move no cursor."""
    record.msg, record.args = visible(record.getMessage()), None
    return True


def one_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """A Python warning as a warning of ours; the place in the code, too, with `--debug`."""
    place = f" ({category.__name__}, {filename}:{lineno} {line or ''})" if session.debug else ""
    return f"warning: {visible(' '.join(str(message).split()))}{place}\n"
