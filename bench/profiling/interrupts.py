"""Ctrl-C as a request to finish: the first one is noted, the second one raises KeyboardInterrupt."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

__all__ = ["Interrupts"]


class Interrupts:
    """Notes a Ctrl-C inside `caught`; does nothing outside the main thread.

    Attributes:
        noted: whether there was one.
    """

    def __init__(self) -> None:
        self.noted = False

    def caught(self) -> contextlib.AbstractContextManager[None]:
        """A context in which Ctrl-C is noted."""
        return _handled_by(self._note)

    def withheld(self) -> contextlib.AbstractContextManager[None]:
        """A context in which started processes ignore Ctrl-C, even while Python starts up in them."""
        return _handled_by(signal.SIG_IGN)

    def _note(self, *_: object) -> None:
        if self.noted:
            raise KeyboardInterrupt
        self.noted = True


@contextlib.contextmanager
def _handled_by(handler: Callable[..., None] | signal.Handlers) -> Iterator[None]:
    """Ctrl-C goes to `handler` inside; nothing changes in a thread that is not the main one."""
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, handler)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
