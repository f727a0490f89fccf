"""The seed of a sample for code that draws from global random number generators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["seed_generators", "seeded"]


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Seed the generators of `random`, NumPy and PyTorch inside the block, and put them back after it.

    Args:
        seed: of the sample, 63 bits.
        device: whose generator to seed beside the CPU's.
    """
    cuda = [torch.device(device)] if torch.device(device).type == "cuda" else []
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the generator that models use)
    with torch.random.fork_rng(devices=cuda):
        seed_generators(seed, device)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


def seed_generators(seed: int, device: torch.device | str = "cpu") -> None:
    """Seed the generators of `random`, NumPy and PyTorch; the device's generator too, beside the CPU's."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.default_generator.manual_seed(seed)  # torch.manual_seed takes milliseconds, for devices not used here
    if torch.device(device).type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
