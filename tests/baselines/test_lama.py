from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from baselines.lama import LaMa, LaMaConfig

Scene = Callable[..., tuple[Tensor, Tensor]]


def fourier(local: int, whole: int) -> int:
    """Parameters of a Fourier convolution as published: no local Fourier unit, no biases, normalisation everywhere."""
    half = whole // 2
    spectral = whole * half + 2 * half + (2 * half) ** 2 + 2 * (2 * half) + half * whole
    return 9 * (local * local + 2 * local * whole) + spectral + 2 * (local + whole)


def published(blocks: int) -> int:
    first = 4 * 64 * 49 + 2 * 64
    down = sum(9 * before * after + 2 * after for before, after in ((64, 128), (128, 256), (256, 512)))
    up = sum(9 * before * after + after + 2 * after for before, after in ((512, 256), (256, 128), (128, 64)))
    return first + down + blocks * 2 * fourier(128, 384) + up + 64 * 3 * 49 + 3


@pytest.mark.parametrize(
    ("config", "millions"), [(LaMaConfig.paper(), 27), (LaMaConfig.big(), 51), (LaMaConfig(blocks=6), 19)]
)
def test_parameters_are_the_published_ones(config: LaMaConfig, millions: int) -> None:
    with torch.device("meta"):
        total = sum(parameter.numel() for parameter in LaMa(config).parameters())

    assert total == published(config.blocks)
    assert round(total / 1e6) == millions


def test_the_paper_fills_256_pixels_from_512_channels_at_an_eighth(scene: Scene) -> None:
    image, hole = scene(1, 256, 256)
    network = LaMa(LaMaConfig(blocks=1))
    inside: list[tuple[int, ...]] = []
    network.middle[0].register_forward_hook(lambda _, __, output: inside.extend(tuple(part.shape) for part in output))

    with torch.no_grad():
        assert network(image, hole).shape == (1, 3, 256, 256)

    assert inside == [(1, 128, 32, 32), (1, 384, 32, 32)]


def test_down_and_up_are_the_published_convolutions(scene: Scene) -> None:
    torch.manual_seed(0)
    network, (image, hole) = LaMa(LaMaConfig(base_channels=4, blocks=1, global_share=0.5)).train(), scene(2, 32, 40)
    for block in network.middle:  # both branches of the sum are then known: nothing is added
        for norm in (norm for norm in block.modules() if isinstance(norm, nn.BatchNorm2d)):
            nn.init.zeros_(norm.weight)
            nn.init.zeros_(norm.bias)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    outer = [m for m in convolutions if "middle" not in {n.split(".")[0] for n, o in network.named_modules() if o is m}]
    values = torch.cat([image.masked_fill(hole, 0), hole.float()], dim=1)

    def step(values: Tensor, layer: nn.Module) -> Tensor:
        made: Tensor = layer(values)
        return (
            (made - made.mean((0, 2, 3), keepdim=True))
            / (made.var((0, 2, 3), correction=0, keepdim=True) + 1e-5) ** 0.5
        ).relu()

    values = nn.functional.pad(values, (3, 3, 3, 3), mode="reflect")
    for layer in outer[:3]:
        values = step(values, layer)
    values = torch.cat([step(values, layer) for layer in outer[3:5]], dim=1)
    for layer in outer[5:8]:
        values = step(values, layer)
    expected = outer[8](nn.functional.pad(values, (3, 3, 3, 3), mode="reflect")).sigmoid()

    assert [layer.kernel_size[0] for layer in outer] == [7, 3, 3, 3, 3, 3, 3, 3, 7]
    assert torch.allclose(network(image, hole), expected, atol=1e-5)
