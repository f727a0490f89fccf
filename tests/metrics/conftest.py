from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]


@pytest.fixture(scope="session")
def pair() -> MakePair:
    """Smooth pictures and noisy copies: uint8 [N, 3, H, W] x 2."""

    def make(
        count: int, height: int, width: int, seed: int = 0, noise: float = 20
    ) -> tuple[torch.Tensor, torch.Tensor]:
        random = np.random.default_rng(seed)
        coarse = random.integers(0, 256, (count, 3, height // 4 + 1, width // 4 + 1))
        reference = coarse.repeat(4, axis=2).repeat(4, axis=3)[:, :, :height, :width]
        noisy = np.rint(reference + noise * random.standard_normal(reference.shape)).clip(0, 255)
        return torch.from_numpy(reference.astype(np.uint8)), torch.from_numpy(noisy.astype(np.uint8))

    return make


@pytest.fixture(scope="session")
def region() -> Callable[..., torch.Tensor]:
    """Random regions, bool [N, 1, H, W]."""

    def make(count: int, height: int, width: int, seed: int = 0, share: float = 0.3) -> torch.Tensor:
        return torch.from_numpy(np.random.default_rng(seed).random((count, 1, height, width)) < share)

    return make


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets the number of threads for one test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)
