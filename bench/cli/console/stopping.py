"""Ctrl-C: what is kept, and the command that goes on."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import typer

__all__ = ["Stop", "continuing_command", "stoppable"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Stop:
    """What Ctrl-C does.

    Attributes:
        patient: whether the work ends by itself once it is told to; otherwise it is interrupted where it is.
        wanted: whether it is told to end.
    """

    patient: bool = False
    wanted: bool = False


@contextmanager
def stoppable(kept: str) -> Iterator[Stop]:
    """Let Ctrl-C (SIGINT) or SIGTERM end the block in order; a second one ends the process at once.

    Says what is kept and how to go on, and exits with 128 and the number of the signal, as shells have it: 130 for
    Ctrl-C, 143 for SIGTERM.

    Args:
        kept: what is kept, a clause.
    """
    wish = Stop()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may take signals
        yield wish
        return
    caught: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if caught:
            os._exit(128 + number)
        caught.append(number)
        wish.wanted = True
        if not wish.patient:
            raise KeyboardInterrupt
        typer.echo("spgbench: stopping after this step; Ctrl-C again ends at once", err=True)

    earlier = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield wish
    except KeyboardInterrupt:
        typer.echo(f"spgbench: stopped; {kept}. To go on:\n{continuing_command(sys.argv[1:])}", err=True)
        raise typer.Exit(128 + (caught[0] if caught else signal.SIGINT)) from None
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def continuing_command(arguments: Sequence[str]) -> str:
    """The command with these arguments, less what would make it begin again."""
    text = shlex.join(["spgbench", *arguments])
    for option in (" --restart", " --reuse never", " --reuse=never"):
        text = text.replace(option, "")
    return text
