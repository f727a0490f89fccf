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
    """Gives a network weights under which its output depends on its input, and statistics that are not 0 and 1."""

    def apply(network: nn.Module) -> None:
        torch.manual_seed(1)
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                fan_in = (
                    module.weight[0].numel()
                    if not isinstance(module, nn.ConvTranspose2d)
                    else (module.weight[:, 0].numel() // 4)
                )
                nn.init.normal_(module.weight, 0, fan_in**-0.5)
            elif isinstance(module, nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.3, 0.7)

    return apply
