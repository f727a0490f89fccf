"""Ctrl-C as a request to finish: the first is noted, the second ends everything at once."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

__all__ = ["Interrupts"]


class Interrupts:
    """Notes a Ctrl-C while it is entered; does nothing outside the main thread.

    Attributes:
        noted: whether there was one.
    """

    def __init__(self) -> None:
        self.noted = False

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Take Ctrl-C over inside."""
        before = signal.getsignal(signal.SIGINT)
        try:
            signal.signal(signal.SIGINT, self._note)
        except ValueError:  # not the main thread
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @contextlib.contextmanager
    def withheld(self) -> Iterator[None]:
        """Processes started inside never see a Ctrl-C, not even while Python starts up in them."""
        before = signal.getsignal(signal.SIGINT)
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        except ValueError:
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _note(self, *_: object) -> None:
        if self.noted:
            raise KeyboardInterrupt
        self.noted = True
