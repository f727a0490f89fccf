"""A tiny model whose fills depend on everything that they may depend on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from spgnet import GeneratorConfig, SegmenterConfig, SPGNet, SPGNetConfig

CLASSES = ("road", "sky", "car")


def tiny_config(*, guided: bool = True, **generator: object) -> SPGNetConfig:
    config = GeneratorConfig.from_dict({"classes": 3, "base_channels": 4, "blocks": 2, **generator})
    return SPGNetConfig(CLASSES, SegmenterConfig(3, decoder_channels=8), config, config, guided)


def enliven(network: nn.Module, *arguments: Tensor) -> None:
    """Give fresh batch statistics: without them a fresh network in eval mode answers nearly the same to everything."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        network.train()(*arguments)
    network.eval()


def build(config: SPGNetConfig) -> SPGNet:
    torch.manual_seed(3)
    model = SPGNet(config)
    image, hole, labels = scene(4, 64, 64)
    guidance = nn.functional.one_hot(labels.long(), 3).permute(0, 3, 1, 2).float()
    enliven(model.sgnet, image, guidance, hole)
    if model.segmenter is not None and model.spnet is not None:
        enliven(model.segmenter, image, hole)
        enliven(model.spnet, image, guidance, hole)
    return model


def scene(n: int, height: int, width: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Random pictures, a hole in each at another place, and random label maps of 8-pixel blocks."""
    random = torch.Generator().manual_seed(seed)
    image = torch.rand(n, 3, height, width, generator=random)
    hole = torch.zeros(n, 1, height, width, dtype=torch.bool)
    for index in range(n):
        hole[index, :, 4 + index : height // 2 + index, 5 : width - 7] = True
    blocks = torch.randint(0, 3, (n, height // 8 + 1, width // 8 + 1), generator=random, dtype=torch.uint8)
    labels = blocks.repeat_interleave(8, 1).repeat_interleave(8, 2)[:, :height, :width].contiguous()
    return image, hole, labels


Scene = Callable[..., tuple[Tensor, Tensor, Tensor]]
Build = Callable[[SPGNetConfig], SPGNet]


@pytest.fixture(scope="session")
def model() -> SPGNet:
    return build(tiny_config())


@pytest.fixture(scope="session")
def unguided() -> SPGNet:
    return build(tiny_config(guided=False))


@pytest.fixture(name="scene")
def scene_fixture() -> Scene:
    return scene


@pytest.fixture(name="build")
def build_fixture() -> Build:
    return build


@pytest.fixture(name="tiny_config")
def tiny_config_fixture() -> Callable[..., SPGNetConfig]:
    return tiny_config
