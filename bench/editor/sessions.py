"""Sessions, each of one person and isolated from the others, and the queue in which their models work."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from bench.editor.workspace import Workspace

__all__ = [
    "MOST_SESSIONS",
    "MOST_WAITING",
    "EditorSession",
    "EditorSessions",
    "QueueFull",
    "SessionGone",
    "Superseded",
    "WorkQueue",
]

T = TypeVar("T")

MOST_SESSIONS = 32
MOST_WAITING = 32
_IDLE_SECONDS = 3600.0


class SessionGone(Exception):
    """A session that is not known: it was idle for an hour, made room for others, or the server was started anew."""


class QueueFull(Exception):
    """So much work is waiting that no more is taken."""


class Superseded(Exception):
    """Work that was not begun when the same session asked for newer work of the same kind."""


@dataclass
class EditorSession:
    """What is kept of one page.

    Attributes:
        id: random; whoever knows it may use the session.
        workspace: its picture, once there is one.
        used: when it was last asked for, on the clock of its EditorSessions.
        newest: by kind of work, the number of the newest request.
    """

    id: str
    workspace: Workspace | None = None
    used: float = 0.0
    newest: Counter[str] = field(default_factory=Counter)


class EditorSessions:
    """The sessions that were used last, at most 32, none idle for more than an hour. For one thread.

    Args:
        most: sessions; the one that is idle for the longest time makes room.
        idle_seconds: after which a session is dropped.
        clock: in seconds.
    """

    def __init__(
        self,
        most: int = MOST_SESSIONS,
        idle_seconds: float = _IDLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._idle_seconds, self._clock = most, idle_seconds, clock
        self._sessions: OrderedDict[str, EditorSession] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def create(self) -> EditorSession:
        """A new session."""
        self._drop_idle()
        while len(self._sessions) >= self._most:
            self._sessions.popitem(last=False)
        session = EditorSession(secrets.token_urlsafe(18), used=self._clock())
        self._sessions[session.id] = session
        return session

    def get(self, session_id: str) -> EditorSession:
        """The session of an id; raises SessionGone."""
        self._drop_idle()
        session = self._sessions.get(session_id)
        if session is None:
            raise SessionGone
        session.used = self._clock()
        self._sessions.move_to_end(session_id)
        return session

    def _drop_idle(self) -> None:
        before = self._clock() - self._idle_seconds
        while self._sessions and next(iter(self._sessions.values())).used < before:
            self._sessions.popitem(last=False)


class WorkQueue:
    """One thread that models work in, and a bounded number of requests that wait for it. For one event loop.

    Args:
        most: requests that wait or are worked on.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most, self._waiting = most, 0
        self._thread = ThreadPoolExecutor(1, "spgbench-editor")

    async def run(self, session: EditorSession, kind: str, work: Callable[[], T]) -> T:
        """The result of the work, done in the thread.

        Args:
            session: that asks.
            kind: of work; newer work of the same kind and session replaces what is not begun.
            work: called without arguments.

        Raises:
            QueueFull: too much is waiting.
            Superseded: the session asked for newer work of the kind before this was begun.
        """
        if self._waiting >= self._most:
            raise QueueFull
        session.newest[kind] += 1
        number = session.newest[kind]

        def unless_superseded() -> T:
            if session.newest[kind] != number:
                raise Superseded
            return work()

        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, unless_superseded)
        finally:
            self._waiting -= 1

    def submit(self, work: Callable[[], object]) -> None:
        """Do work that no request waits for, such as loading a model ahead."""
        self._thread.submit(work)

    def close(self) -> None:
        """Leave out what is not begun."""
        self._thread.shutdown(wait=False, cancel_futures=True)
