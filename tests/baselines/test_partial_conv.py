from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.partial_conv import PartialConv2d, PartialConvConfig, PartialConvUNet

Scene = Callable[..., tuple[Tensor, Tensor]]


def slow(weight: Tensor, bias: Tensor | None, stride: int, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """One window after the other, with a mask for every channel, as the paper's equations 1 and 2 say it."""
    outputs, _, kernel, _ = weight.shape
    values, mask = (functional.pad(given, [kernel // 2] * 4) for given in (values, mask))
    height, width = ((side - kernel) // stride + 1 for side in values.shape[2:])
    result, updated = torch.zeros(len(values), outputs, height, width), torch.zeros(len(values), 1, height, width)
    for n in range(len(values)):
        for row in range(height):
            for column in range(width):
                window = slice(row * stride, row * stride + kernel), slice(column * stride, column * stride + kernel)
                seen = mask[n][:, window[0], window[1]]
                if seen.sum() > 0:
                    inner = (weight * values[n][:, window[0], window[1]] * seen).sum(dim=(1, 2, 3))
                    result[n, :, row, column] = inner * seen.numel() / seen.sum() + (0 if bias is None else bias)
                    updated[n, 0, row, column] = 1
    return result, updated


@pytest.mark.parametrize(("kernel", "stride", "bias"), [(3, 1, True), (3, 2, False), (5, 2, True), (7, 2, False)])
def test_a_layer_equals_the_equations_with_a_mask_for_every_channel(kernel: int, stride: int, bias: bool) -> None:
    torch.manual_seed(0)
    layer = PartialConv2d(5, 4, kernel, stride, bias=bias)
    first, second = torch.randn(2, 3, 11, 9), torch.randn(2, 2, 11, 9)
    known = [(torch.rand(2, 1, 11, 9) < share).float() for share in (0.2, 0.1)]
    known[0][..., 6:, 4:] = known[1][..., 6:, 4:] = 0  # windows that see nothing
    channels = torch.cat([known[0].expand_as(first), known[1].expand_as(second)], dim=1)
    weights = layer.convolution

    values, mask = layer([(first, known[0]), (second, known[1])])

    expected, updated = slow(weights.weight, weights.bias, stride, torch.cat([first, second], dim=1), channels)
    assert torch.equal(mask, updated)
    assert mask.min() == 0
    assert torch.allclose(values, expected, atol=1e-5)


def test_parameters_are_those_of_the_published_layers() -> None:
    encoder = [(3, 64, 7), (64, 128, 5), (128, 256, 5), (256, 512, 3), *[(512, 512, 3)] * 3]
    decoder = [*[(512 + 512, 512, 3)] * 3, (512 + 256, 256, 3), (256 + 128, 128, 3), (128 + 64, 64, 3), (64 + 3, 3, 3)]
    convolutions = sum(before * after * kernel**2 for before, after, kernel in encoder + decoder) + 3
    norms = sum(2 * after for _, after, _ in encoder[1:] + decoder[:-1])

    with torch.device("meta"):
        network = PartialConvUNet(PartialConvConfig.paper())

    assert sum(parameter.numel() for parameter in network.parameters()) == convolutions + norms


def test_eight_layers_have_33_million_parameters() -> None:
    with torch.device("meta"):
        network = PartialConvUNet(PartialConvConfig(layers=8))

    assert round(sum(parameter.numel() for parameter in network.parameters()) / 1e6) == 33


def test_the_paper_fills_256_pixels_and_its_inside_is_2_pixels_wide(scene: Scene) -> None:
    image, hole = scene(1, 256, 256)
    network = PartialConvUNet(PartialConvConfig.paper())
    inside: list[tuple[int, ...]] = []
    network.encoder[-1].register_forward_hook(lambda _, __, output: inside.append(tuple(output[0].shape)))

    with torch.no_grad():
        assert network(image, hole).shape == (1, 3, 256, 256)

    assert inside == [(1, 512, 2, 2)]


def test_in_training_the_picture_is_not_clipped(scene: Scene) -> None:
    image, hole = scene(2, 32, 32)
    torch.manual_seed(0)
    network = PartialConvUNet(PartialConvConfig.small())
    last = network.decoder[-1]
    assert isinstance(last, PartialConv2d)
    assert last.convolution.bias is not None
    torch.nn.init.constant_(last.convolution.bias, 9)

    assert network.train()(image, hole).max() > 1
    assert network.eval()(image, hole).max() == 1


def test_nothing_known_gives_a_picture_all_the_same() -> None:
    hole = torch.ones(1, 1, 32, 32, dtype=torch.bool)

    with torch.no_grad():
        assert PartialConvUNet(PartialConvConfig.small())(torch.rand(1, 3, 32, 32), hole).isfinite().all()
