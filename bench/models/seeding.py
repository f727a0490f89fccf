"""The seed of a sample for code that draws from global random number generators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["seeded"]


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
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        torch.default_generator.manual_seed(seed)  # torch.manual_seed takes milliseconds, for devices not used here
        for used in cuda:
            with torch.cuda.device(used):
                torch.cuda.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
