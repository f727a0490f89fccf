"""Work that goes through stages: one after another, or each stage beside the others on different work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from typing import Any, TypeAlias, TypeVar

__all__ = ["run_stages"]

Work = TypeVar("Work")
Stage: TypeAlias = Callable[[Work], object]

_IN_FLIGHT = 3
"""So many works may lie between the first stage and the end of the last one: pictures and memory are bounded."""


def run_stages(
    works: Iterable[Work], stages: Sequence[Stage[Work]], device: str = "cpu", *, overlapped: bool = False
) -> Generator[Work]:
    """Every work after all of its stages, in order; a stage changes the work.

    An error of a stage is raised in place of its work. When the iterator is closed, as by an error or Ctrl-C, the
    stages that have begun end and no other one begins.

    Args:
        works: asked for by the calling thread, which also does the first stage.
        device: of torch; on a CUDA device every stage that overlaps has a stream of its own.
        overlapped: whether a stage works while the others work on earlier and later works. Within a stage works never
            overtake each other.
    """
    if not overlapped:
        for work in works:
            for stage in stages:
                stage(work)
            yield work
        return
    first, *others = _on_streams(stages, device)
    threads = [ThreadPoolExecutor(1, thread_name_prefix="stage") for _ in others]
    in_flight: deque[Future[Work]] = deque()
    try:
        for work in works:
            first(work)
            done: Future[Work] | None = None
            for thread, stage in zip(threads, others, strict=True):
                done = thread.submit(_after, done, stage, work)
            if done is None:
                yield work
                continue
            in_flight.append(done)
            while in_flight and (len(in_flight) >= _IN_FLIGHT or in_flight[0].done()):
                yield in_flight.popleft().result()
        while in_flight:
            yield in_flight.popleft().result()
    finally:
        for thread in threads:
            thread.shutdown(wait=False, cancel_futures=True)
        for thread in threads:
            thread.shutdown(wait=True)


def _after(earlier: Future[Work] | None, stage: Stage[Work], work: Work) -> Work:
    """Do a stage when the one before has ended; raises what that one raised."""
    if earlier is not None:
        earlier.result()
    stage(work)
    return work


def _on_streams(stages: Sequence[Stage[Work]], device: str) -> list[Stage[Work]]:
    """The stages, each on a stream of its own, which begins when what the device was given so far is done."""
    if not device.startswith("cuda"):
        return list(stages)
    import torch

    torch.cuda.synchronize(device)  # weights were copied on another stream
    return [
        partial(_run_on, stream, stage) for stream, stage in zip(_streams(device, len(stages)), stages, strict=True)
    ]


def _run_on(stream: Any, stage: Stage[Work], work: Work) -> None:
    import torch

    with torch.cuda.stream(stream):
        stage(work)


@cache
def _streams(device: str, count: int) -> list[Any]:
    """The same ones in the whole process: torch keeps the freed memory of a stream for that stream alone."""
    import torch

    return [torch.cuda.Stream(device) for _ in range(count)]  # type: ignore[no-untyped-call]
