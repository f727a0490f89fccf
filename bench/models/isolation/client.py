"""The side of spgbench: it starts the process of a model when it is needed, and ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import ModelFailure, UsageError
from bench.models.isolation import supervisor_client
from bench.models.isolation.channel import SharedTensors, TensorSizes, copy_values, create_memory, receive, send

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LOADING_SECONDS", "IsolatedModel"]

LOADING_SECONDS = 900.0
"""How long a model may take to load."""
_MOST_DEATHS = 5
"""Deaths in a row, after which a process is not started again."""
_MOST_HANGS = 3
"""Time limits in a row, after which a process is not started again."""
_ENDING = 1.0
"""Seconds that a process may take to end when it has closed its connection."""
_OURS = Path(__file__).parent


@dataclass
class _Worker:
    """A process that has loaded the model."""

    process: int
    connection: socket.socket
    trace: int
    memory: SharedTensors | None = None


class IsolatedModel:
    """A model in a process of its own, as a `bench.models.adapter.ModelCall`.

    A process that dies or does not answer in time is the failure of the pictures that it had. It is started again for
    the next ones, until that happened several times in a row.

    Args:
        subject: the model, for messages.
        kind: which loader of the worker loads it: `python` or `torchscript`.
        arguments: of the loader.
        seconds: how long a picture may take.
        step: how many pictures the model is given at once; all parts of a batch go there and back together.

    Attributes:
        facts: what the loader found that the outputs depend on.

    Raises:
        UsageError: the loader was given what cannot be.
        ModelFailure: the model cannot be loaded, or its process died of it.
    """

    def __init__(self, subject: str, kind: str, arguments: Mapping[str, Any], seconds: float, step: int) -> None:
        self._subject, self._kind, self._arguments, self._seconds = subject, kind, dict(arguments), seconds
        self._step, self._seeded = step, False
        self._folder, self._lock = os.getcwd(), threading.Lock()  # noqa: PTH109
        self._deaths, self._hangs, self._last = 0, 0, ""
        self._worker: _Worker | None = None
        self.facts: dict[str, str] = {}
        self._start()

    def __call__(
        self,
        image: Tensor,
        mask: Tensor,
        labels: Tensor | None,
        seeds: tuple[int, ...],
        prompts: tuple[str, ...] = (),
        /,
    ) -> Tensor:
        """float32 [N, 3, H, W], bool [N, 1, H, W], uint8 [N, H, W] or None -> float32 [N, 3, H, W].

        What it returns lies in the shared memory: it holds until the next call.

        Raises:
            ModelFailure: the model raised, died, took too long, or returned no picture of this shape.
        """
        with self._lock:
            worker = self._worker or self._start()
            sizes = TensorSizes(len(image), image.shape[-2], image.shape[-1])
            message: dict[str, Any] = {
                "sizes": [sizes.count, sizes.height, sizes.width],
                "labels": labels is not None,
                "step": self._step,
                "seeds": seeds[:: self._step] if self._seeded else [],
                "prompts": prompts,
            }
            self._seeded = False
            with self._descriptors(worker, sizes, message) as descriptors:
                given, filled, holes, maps = self._views(worker, sizes)
                copy_values(image, given)
                copy_values(mask, holes)
                if labels is not None:
                    copy_values(labels, maps)
                answer = self._ask(worker, message, descriptors, self._seconds * sizes.count)
            self._check(answer, list(image.shape), list(mask.shape))
            self._deaths = self._hangs = 0
            return filled

    @contextlib.contextmanager
    def seeding(self, seed: int) -> Iterator[None]:  # noqa: ARG002 (each part of a call has a seed of its own)
        """Seed the generators of the model's process before each part of the next call only."""
        self._seeded = True
        try:
            yield
        finally:
            self._seeded = False

    def close(self) -> None:
        """End the process; a later call starts another."""
        if self._worker is not None:
            self._end(self._worker, 0)

    def _start(self) -> _Worker:
        if self._deaths >= _MOST_DEATHS or self._hangs >= _MOST_HANGS:
            found = f"{self._deaths + self._hangs} failed processes in a row, the last one by {self._last}"
            raise ModelFailure(f"the process of {self._subject}", "answer", found, "It was not started again.")
        ours, theirs = socket.socketpair()
        trace = create_memory(0)
        with theirs, _standard_error() as errors:
            worker = _Worker(supervisor_client.SUPERVISOR.start((theirs.fileno(), errors, trace)), ours, trace)
        self._worker = worker
        weakref.finalize(self, _forget, worker)
        import torch

        request = {
            "kind": self._kind,
            "arguments": self._arguments,
            "folder": self._folder,
            "environment": dict(os.environ),
            "threads": torch.get_num_threads(),
        }
        answer = self._ask(worker, request, (), LOADING_SECONDS)
        if "error" in answer:
            self._end(worker, 0)
            raise _error(answer)
        if self.facts and answer["facts"] != self.facts:
            self._end(worker, 0)
            fix = "Run it again: the changed model is another one."
            raise ModelFailure(self._subject, "stay as it is during a run", "files that changed", fix)
        self.facts = answer["facts"]
        return worker

    def _ask(self, worker: _Worker, message: dict[str, Any], descriptors: tuple[int, ...], seconds: float) -> Any:
        """The worker's answer; raises ModelFailure when it dies or takes too long."""
        try:
            worker.connection.settimeout(seconds)
            send(worker.connection, message, descriptors)
            return receive(worker.connection)[0]
        except TimeoutError:
            self._hangs += 1
            trace = _dump(worker)
            self._end(worker, 0)
            self._last = f"no answer after {seconds:g} s"
            fix = "Give it longer with ?timeout=SECONDS a picture."
            raise ModelFailure(self._process, f"answer within {seconds:g} s", self._last, fix, trace) from None
        except EOFError:
            self._deaths += 1
            code = self._end(worker, _ENDING)
            self._last, fix = _describe_end(code)
            raise ModelFailure(self._process, "stay alive", self._last, fix, _read(worker.trace)) from None
        except BaseException:  # Ctrl-C: what it answers later belongs to no call
            self._end(worker, 0)
            raise

    @property
    def _process(self) -> str:
        return f"the process of {self._subject}"

    def _end(self, worker: _Worker, seconds: float) -> int | None:
        self._worker = None
        worker.connection.close()
        return supervisor_client.SUPERVISOR.end(worker.process, seconds)

    @contextlib.contextmanager
    def _descriptors(self, worker: _Worker, sizes: TensorSizes, message: dict[str, Any]) -> Iterator[tuple[int, ...]]:
        """What to send with a call: the descriptor of larger memory, where the worker's is too small."""
        if worker.memory is not None and worker.memory.size >= sizes.total:
            yield ()
            return
        try:
            descriptor = create_memory(sizes.total)
        except OSError as error:
            raise ModelFailure(self._process, f"share {sizes.total} bytes", f"{error}", "Free memory.") from error
        try:
            worker.memory = SharedTensors(descriptor, sizes.total)
            message["bytes"] = sizes.total
            yield (descriptor,)
        finally:
            os.close(descriptor)

    def _views(self, worker: _Worker, sizes: TensorSizes) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        if worker.memory is None:
            raise RuntimeError("no memory was shared")
        return worker.memory.views(sizes)

    def _check(self, answer: dict[str, Any], image: list[int], mask: list[int]) -> None:
        """Raise what the answer says is wrong."""
        subject = f"the picture of {self._subject}"
        if "error" in answer:
            subject, must = f"model {self._subject}", f"answer a picture {image} and a mask {mask}"
            raise ModelFailure(subject, must, answer["error"][2], "", answer["traceback"])
        if "type" in answer:
            raise ModelFailure(subject, "be one tensor", answer["type"], "Return the final picture alone.")
        if "shape" in answer:
            raise ModelFailure(subject, f"have shape {image}", f"{answer['shape']}")
        if "late" in answer:
            raise ModelFailure(
                f"model {self._subject}",
                "read each file that its fills depend on when it is loaded, so that its fingerprint covers the file",
                f"{', '.join(answer['late'])}, read during a call",
                "Import or open it at the top of the file, or declare ?files=PATTERN.",
            )


def _error(answer: Mapping[str, Any]) -> UsageError | ModelFailure:
    if answer["usage"]:
        return UsageError(*answer["error"])
    subject, must, found, fix = answer["error"]
    return ModelFailure(subject, must, found, fix, answer["traceback"])


@contextlib.contextmanager
def _standard_error() -> Iterator[int]:
    """A descriptor of standard error, or of nothing where that is closed."""
    try:
        descriptor = os.dup(2)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _forget(worker: _Worker) -> None:
    """End a process that nobody can call any more, and close what was its own."""
    worker.connection.close()
    supervisor_client.SUPERVISOR.end(worker.process, 0)
    os.close(worker.trace)


def _dump(worker: _Worker) -> str:
    """Where a process that does not answer is: its Python frames."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(worker.process, signal.SIGUSR1)
        time.sleep(0.2)
    return _read(worker.trace)


def _read(trace: int) -> str:
    """The Python frames that a process left behind, the innermost first, without ours."""
    size = os.fstat(trace).st_size
    lines = os.pread(trace, min(size, 4000), 0).decode("utf-8", "replace").strip().splitlines()
    ours = next((index for index, line in enumerate(lines) if str(_OURS) in line), len(lines))
    return "\n".join(lines[:ours])


def _describe_end(code: int | None) -> tuple[str, str]:
    """How a process ended, and what may help."""
    if code is None:
        return "a connection that was closed while it went on", "It must leave other files and processes alone."
    if code >= 0:
        return f"an end with exit code {code}", "It must not end its process."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        return "death by SIGKILL (out of memory?)", "If memory ran out, use fewer --workers or smaller pictures."
    return f"death by {name}", ""
