from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from skimage.color import rgb2gray
from skimage.feature import canny
from torch import Tensor, nn

from baselines.edge_connect import EdgeConnect, EdgeConnectConfig, edges_of, grey

Scene = Callable[..., tuple[Tensor, Tensor]]


def published(before: int, after: int, *, bias: bool) -> int:
    """Parameters of a generator: instance normalisation has none."""
    plain = [(before, 64, 7), (64, 128, 4), (128, 256, 4), (256, 128, 4), (128, 64, 4), (64, after, 7)]
    blocks = 16 * (256 * 256 * 9 + (256 if bias else 0))
    return sum(a * b * kernel**2 + b for a, b, kernel in plain) + blocks


def squares(size: int = 48) -> Tensor:
    image = torch.full((1, 3, size, size), 0.2)
    image[..., 8:24, 8:40] = 0.9
    return image


def test_parameters_are_the_published_22_million() -> None:
    with torch.device("meta"):
        network = EdgeConnect(EdgeConnectConfig.paper())

    total = sum(parameter.numel() for parameter in network.parameters())

    assert total == published(3, 1, bias=False) + published(4, 3, bias=True)
    assert round(total / 1e6) == 22


def test_the_paper_fills_256_pixels_from_256_channels_at_a_quarter(scene: Scene) -> None:
    image, hole = scene(1, 256, 256)
    network = EdgeConnect(EdgeConnectConfig(blocks=1))
    inside: list[tuple[int, ...]] = []
    for generator in (network.edge_generator, network.fill_generator):
        generator[10].register_forward_hook(lambda _, __, output: inside.append(tuple(output.shape)))

    with torch.no_grad():
        assert network.draw(image, hole, torch.zeros_like(image[:, :1])).shape == (1, 1, 256, 256)
        assert network(image, hole).shape == (1, 3, 256, 256)

    assert inside == [(1, 256, 64, 64)] * 3


def test_the_fill_generator_computes_what_the_published_layers_compute(scene: Scene) -> None:
    torch.manual_seed(0)
    network, (image, hole) = EdgeConnect(EdgeConnectConfig(base_channels=4, blocks=1)), scene(2, 32, 24)
    edges = (torch.rand(2, 1, 32, 24) < 0.1).float()
    convolutions = [m for m in network.fill_generator.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]

    def step(values: Tensor, layer: nn.Module, pad: int = 0) -> Tensor:
        made: Tensor = layer(nn.functional.pad(values, (pad,) * 4, mode="reflect") if pad else values)
        return (made - made.mean((2, 3), keepdim=True)) / (made.var((2, 3), correction=0, keepdim=True) + 1e-5) ** 0.5

    values = torch.cat([torch.where(hole, 1, image), edges], dim=1)
    values = step(values, convolutions[0], 3).relu()
    for layer in convolutions[1:3]:
        values = step(values, layer).relu()
    values = values + step(step(values, convolutions[3], 2).relu(), convolutions[4], 1)
    for layer in convolutions[5:7]:
        values = step(values, layer).relu()
    expected = (convolutions[7](nn.functional.pad(values, (3,) * 4, mode="reflect")).tanh() + 1) / 2

    assert convolutions[3].dilation == (2, 2)
    assert torch.allclose(network.paint(image, hole, edges), expected, atol=1e-5)


def test_all_but_the_last_convolution_of_the_edge_generator_have_spectral_norm_one() -> None:
    torch.manual_seed(0)
    network = EdgeConnect(EdgeConnectConfig(base_channels=4, blocks=1))
    convolutions = [m for m in network.edge_generator.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]

    norms = []
    for layer in convolutions:
        weight = layer.weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight
        norms.append(float(torch.linalg.matrix_norm(weight.detach().flatten(1), ord=2)))

    assert norms[:-1] == pytest.approx([1] * (len(norms) - 1), abs=0.1)
    assert norms[-1] != pytest.approx(1, abs=0.1)


def test_edges_are_scikit_images_of_the_known_part() -> None:
    image, hole = squares(), torch.zeros(1, 1, 48, 48, dtype=torch.bool)
    hole[..., 30:, :20] = True
    picture = image[0].permute(1, 2, 0).numpy()

    edges = edges_of(image, hole)

    expected = canny(rgb2gray(picture), 2, mask=~hole[0, 0].numpy())  # type: ignore[no-untyped-call]  # scikit-image has no types
    assert expected.sum() > 50
    differing = edges[0, 0].bool() != torch.from_numpy(expected)
    assert (
        differing.sum() <= 0.03 * expected.sum()
    )  # the last bit, and so the processor, chooses among equal neighbours
    assert torch.allclose(grey(image)[0, 0], torch.from_numpy(rgb2gray(picture)), atol=1e-6)
    assert not edges[hole].any()


def test_a_fill_is_the_parts_one_after_the_other() -> None:
    torch.manual_seed(0)
    network, image = EdgeConnect(EdgeConnectConfig.small()), squares()
    hole = torch.zeros(1, 1, 48, 48, dtype=torch.bool)
    hole[..., 16:36, 30:44] = True

    with torch.no_grad():
        known = edges_of(image, hole)
        drawn = network.draw(image, hole, known)
        other = network.draw(image, hole, torch.where(hole, 1, known))
        fill = network.paint(image, hole, torch.where(hole, drawn, known))

        assert torch.equal(drawn, other)  # edges in the hole are not read
        assert torch.equal(network(image, hole), fill)
        assert not torch.equal(network.paint(image, hole, known), fill)  # but those that are drawn there are
