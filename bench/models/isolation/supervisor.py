"""The process that starts and ends the processes of models.

It is a fresh interpreter that never runs code of a model. On Linux it has imported PyTorch and forks itself for each
model, which takes milliseconds; elsewhere it starts one fresh interpreter for each. When spgbench ends, however it
ends, the supervisor kills every process that it started, and all processes that those started.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from typing import NoReturn

from bench.models.isolation.channel import receive, send

__all__ = ["main"]

_GRACE = 1.0
"""Seconds that a process has to end by itself, once it is known to be ending."""


def main(descriptor: int, *, forks: bool) -> None:
    """Serve spgbench until it ends.

    Args:
        descriptor: the socket that spgbench is at the other end of.
        forks: whether to fork for each model.
    """
    host = socket.socket(fileno=descriptor)
    run = _worker() if forks else None
    forget_own_modules()
    warnings.simplefilter("ignore")  # Python warns of a fork beside idle threads of BLAS, which takes care of forks
    gc.collect()
    gc.freeze()
    started: set[int] = set()
    with contextlib.suppress(EOFError):
        while True:
            message, descriptors = receive(host)
            if message["do"] == "start":
                process = _spawn(descriptors) if run is None else _fork(run, host, descriptors)
                started.add(process)
                for one in descriptors:
                    os.close(one)
                send(host, {"process": process})
            else:
                known = message["process"] in started
                started.discard(message["process"])
                send(host, {"code": _end(message["process"], message["seconds"]) if known else None})
    for process in started:
        _kill(process)


def forget_own_modules() -> None:
    """Let names such as `bench` mean what lies in a model's folder: what is imported already goes on without them."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("bench", "baselines", "spgnet"):
            del sys.modules[name]


def _worker() -> Callable[[int, int, int], NoReturn]:
    """What a forked process does; PyTorch comes with it."""
    from bench.models.isolation.worker import run

    return run


def _fork(run: Callable[[int, int, int], NoReturn], host: socket.socket, descriptors: list[int]) -> int:
    process = os.fork()
    if process == 0:
        host.close()
        warnings.resetwarnings()
        run(*descriptors)
    with contextlib.suppress(OSError):  # the child does the same; whoever comes first
        os.setpgid(process, process)
    return process


def _spawn(descriptors: list[int]) -> int:
    for one in descriptors:
        os.set_inheritable(one, True)
    numbers = ", ".join(map(str, descriptors))
    code = (
        f"import sys; sys.path[:0] = {sys.argv[1:]!r}; from bench.models.isolation import supervisor, worker; "
        f"del sys.path[0]; supervisor.forget_own_modules(); worker.run({numbers})"
    )
    return os.posix_spawn(sys.executable, [sys.executable, "-P", "-c", code], os.environ, setpgroup=0)


def _end(process: int, seconds: float) -> int | None:
    """End a process and its group; returns its exit code, negative for a signal, or None if it had to be killed.

    Args:
        seconds: how long to wait before it is killed.
    """
    end = time.monotonic() + seconds
    found, status = os.waitpid(process, os.WNOHANG)
    while not found and time.monotonic() < end:
        time.sleep(0.005)
        found, status = os.waitpid(process, os.WNOHANG)
    _kill(process)
    if not found:
        os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status) if found else None


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
        os.killpg(process, signal.SIGKILL)
