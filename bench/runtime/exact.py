"""Exact arithmetic on GPUs: float32 as it is, by the same algorithm each time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["exact_arithmetic"]


@dataclass
class _State:
    """Who asked for it; torch's settings are those of the process."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0
    earlier: tuple[str, bool, bool, bool] = ("highest", True, False, False)


_STATE = _State()


@contextmanager
def exact_arithmetic(device: str) -> Iterator[None]:
    """Inside the block no convolution or product of float32 on CUDA devices is rounded to TF32; each is repeatable.

    By default torch rounds the factors of convolutions to 10 bits there. Other devices need nothing. Blocks may be
    nested and may overlap in several threads: the settings come back when the last one ends.
    """
    if not device.startswith("cuda"):
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    import torch

    cudnn = torch.backends.cudnn
    with _STATE.lock:
        if not _STATE.users:
            _STATE.earlier = (
                torch.get_float32_matmul_precision(),
                cudnn.allow_tf32,
                cudnn.benchmark,
                cudnn.deterministic,
            )
            torch.set_float32_matmul_precision("highest")
            cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = False, False, True
        _STATE.users += 1


def _leave() -> None:
    import torch

    cudnn = torch.backends.cudnn
    with _STATE.lock:
        _STATE.users -= 1
        if not _STATE.users:
            products, *convolutions = _STATE.earlier
            torch.set_float32_matmul_precision(products)
            cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = convolutions
