"""The supervisor as spgbench sees it: started at first use, asked to start and to end the processes of models."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from bench.errors import ModelFailure
from bench.models.isolation.channel import receive, send

__all__ = ["SUPERVISOR", "SupervisorClient"]

_ROOT = Path(__file__).resolve().parents[3]
_QUIET_THREADS = {"GOMP_SPINCOUNT": "0"}
"""OpenMP's threads sleep between their tasks: threads that wait busily keep spgbench from its cores."""


class SupervisorClient:
    """The process that starts those of models; one for all models of this process, started at first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def start(self, descriptors: tuple[int, int, int]) -> int:
        """Start the process of a model with descriptors of its own; returns its number."""
        for _ in range(2):  # a model may have killed the supervisor
            with contextlib.suppress(EOFError):
                return int(self._ask({"do": "start"}, descriptors)["process"])
        raise ModelFailure("the process that starts models", "run", "its end", "Look for a message above this one.")

    def end(self, process: int, seconds: float) -> int | None:
        """End a process; returns its exit code, negative for a signal, or None where nobody knows it."""
        with contextlib.suppress(EOFError):
            code: int | None = self._ask({"do": "end", "process": process, "seconds": seconds})["code"]
            return code
        return None

    def close(self) -> None:
        """End the supervisor and with it every process that it started."""
        with self._lock:
            if self._connection is not None and self._process is not None and self._owner == os.getpid():
                self._connection.close()
                self._connection = None
                self._process.wait()

    def _ask(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> dict[str, Any]:
        with self._lock:
            if self._connection is None or self._owner != os.getpid():
                if message["do"] == "end":
                    raise EOFError
                self._connection = self._begin()
            try:
                send(self._connection, message, descriptors)
                return receive(self._connection)[0]
            except EOFError:
                self._connection.close()
                self._connection = None
                if self._process is not None:
                    self._process.wait()
                raise

    def _begin(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        code = (
            f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from bench.models.isolation import supervisor; "
            f"del sys.path[0]; supervisor.main({theirs.fileno()}, forks={sys.platform == 'linux'})"
        )
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own code)
                [sys.executable, "-P", "-c", code, str(_ROOT)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**_QUIET_THREADS, **os.environ},
                start_new_session=True,  # Ctrl-C is for spgbench alone
            )
        self._owner = os.getpid()
        return ours


SUPERVISOR = SupervisorClient()
atexit.register(SUPERVISOR.close)
