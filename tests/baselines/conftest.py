from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

Scene = Callable[..., tuple[Tensor, Tensor]]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def scene() -> Scene:
    """Random pictures in [0, 1] and a hole in each, another in every picture."""

    def make(n: int, height: int, width: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        image = torch.rand(n, 3, height, width, generator=generator)
        hole = torch.zeros(n, 1, height, width, dtype=torch.bool)
        for index in range(n):
            top, left = (int(torch.randint(side // 3, (), generator=generator)) for side in (height, width))
            hole[index, :, top : top + height // 2, left : left + width // 3] = True
        return image, hole

    return make


@pytest.fixture
def lively(scene: Scene) -> Callable[[nn.Module], None]:
    """Gives a network that normalises the statistics of some pictures, so that its output depends on its input."""

    def apply(network: nn.Module) -> None:
        torch.manual_seed(1)
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = None  # the mean of all that is seen
            nn.init.uniform_(norm.weight, 0.5, 1.5)
        if norms:
            with torch.no_grad():
                network.train()(*scene(4, 64, 64, seed=1))
        network.eval()

    return apply
