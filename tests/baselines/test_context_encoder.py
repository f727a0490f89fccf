from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.context_encoder import SIDE, ContextEncoder, ContextEncoderConfig

Scene = Callable[..., tuple[Tensor, Tensor]]
Lively = Callable[[nn.Module], None]

DOWN = [(3, 64), (64, 64), (64, 128), (128, 256), (256, 512), (512, 4000)]
UP = [(4000, 512), (512, 256), (256, 128), (128, 64), (64, 64), (64, 3)]


@pytest.fixture
def network(lively: Lively) -> ContextEncoder:
    torch.manual_seed(0)
    made = ContextEncoder(ContextEncoderConfig(base_channels=4, bottleneck=20))
    lively(made)
    return made


def test_parameters_are_those_of_the_published_layers() -> None:
    convolutions = sum(16 * before * after + after for before, after in DOWN + UP)
    norms = sum(2 * after for _, after in DOWN[1:] + UP[:-1])

    with torch.device("meta"):
        total = sum(parameter.numel() for parameter in ContextEncoder(ContextEncoderConfig.paper()).parameters())

    assert total == convolutions + norms


def test_the_paper_squeezes_128_pixels_through_a_vector_of_4000() -> None:
    with torch.device("meta"):
        network = ContextEncoder(ContextEncoderConfig.paper())
        vector = network.encoder(torch.empty(1, 3, SIDE, SIDE))

        assert vector.shape == (1, 4000, 1, 1)
        assert network.decoder(vector).shape == (1, 3, SIDE, SIDE)


def test_it_computes_what_the_published_layers_compute(scene: Scene) -> None:
    torch.manual_seed(0)
    network, (image, hole) = ContextEncoder(ContextEncoderConfig(4, 20)).train(), scene(3, SIDE, SIDE)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    colour = torch.tensor([117, 104, 123]).view(1, 3, 1, 1) / 255
    values = torch.where(hole, colour, image) * 2 - 1
    values = functional.leaky_relu(layers[0](values), 0.2)
    for layer, norm in zip(layers[1:6], norms[:5], strict=True):
        values = functional.leaky_relu(
            functional.batch_norm(layer(values), None, None, norm.weight, norm.bias, True), 0.2
        )
    for layer, norm in zip(layers[6:11], norms[5:], strict=True):
        values = functional.batch_norm(layer(values), None, None, norm.weight, norm.bias, True).relu()
    expected = (layers[11](values).tanh() + 1) / 2

    assert torch.allclose(network(image, hole), expected, atol=1e-5)


def test_a_larger_picture_is_shrunk_and_its_fill_enlarged(network: ContextEncoder, scene: Scene) -> None:
    image, hole = scene(1, SIDE, SIDE)
    double = [given.repeat_interleave(2, 2).repeat_interleave(2, 3) for given in (image, hole)]

    with torch.no_grad():
        small, large = network(image, hole), network(*double)

    assert torch.allclose(functional.interpolate(small, scale_factor=2, mode="bilinear"), large, atol=1e-5)


def test_what_is_known_of_a_shrunk_pixel_is_enough(network: ContextEncoder, scene: Scene) -> None:
    image, _ = scene(1, SIDE, SIDE)
    lines = torch.zeros(1, 1, 2 * SIDE, 2 * SIDE, dtype=torch.bool)
    lines[:, :, ::2] = True
    nothing = torch.zeros(1, 1, SIDE, SIDE, dtype=torch.bool)

    with torch.no_grad():
        fill = network(image.repeat_interleave(2, 2).repeat_interleave(2, 3), lines)
        expected = functional.interpolate(network(image, nothing), scale_factor=2, mode="bilinear")

    assert torch.allclose(fill, expected, atol=1e-5)
