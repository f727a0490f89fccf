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
def lively() -> Callable[[nn.Module], None]:
    """Gives a network that normalises statistics under which its output depends on its input."""

    def apply(network: nn.Module) -> None:
        torch.manual_seed(1)
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        for norm in norms:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.3, 0.7)
        for convolution in convolutions if norms else ():
            inputs = convolution.in_channels * convolution.kernel_size[0] ** 2
            up = isinstance(convolution, nn.ConvTranspose2d)  # a quarter of its inputs reaches an output
            nn.init.normal_(convolution.weight, 0, (inputs / 4 if up else inputs) ** -0.5)

    return apply
