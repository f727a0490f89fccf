from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from spgnet import GeneratorConfig
from spgnet.acceleration import _fold
from spgnet.gpu.generator import FusedGenerator, group_columns, is_plain, phases_of
from spgnet.labels import one_hot
from spgnet.networks import Generator
from tests.spgnet.conftest import build, scene, tiny_config


@pytest.mark.parametrize(("group", "stride"), [(2, 1), (4, 1), (8, 1), (2, 2), (4, 2), (8, 2)])
@pytest.mark.parametrize("width", [3, 7])
def test_columns_taken_as_channels_give_the_same_sums(group: int, stride: int, width: int) -> None:
    weight = torch.randn(3, 5, 4, width, dtype=torch.float64)
    values = torch.randn(2, 5, 9, 16 + width - 1, dtype=torch.float64)
    expected = functional.conv2d(values, weight, stride=(1, stride))

    filters = group_columns(weight, group, stride)
    length = 16 + (filters.shape[-1] - 1) * group
    pixels = functional.pad(values, (0, length - values.shape[3]), value=7.0).permute(0, 2, 3, 1)
    grouped = pixels.reshape(2, 9, length // group, group * 5).permute(0, 3, 1, 2)
    result = functional.conv2d(grouped, filters).permute(0, 2, 3, 1).reshape(2, -1, 16 // stride, 3).permute(0, 3, 1, 2)

    torch.testing.assert_close(result, expected)


def test_four_pixels_of_one_are_those_of_an_up_convolution() -> None:
    layer = nn.ConvTranspose2d(5, 3, 3, stride=2, padding=1, output_padding=1, bias=False, dtype=torch.float64)
    values = torch.randn(2, 5, 4, 7, dtype=torch.float64)

    phases = functional.conv2d(values, phases_of(layer.weight), padding=1)[..., 1:, 1:]

    result = phases.reshape(2, 2, 2, 3, 4, 7).permute(0, 3, 4, 1, 5, 2).reshape(2, 3, 8, 14)
    torch.testing.assert_close(result, layer(values))


@torch.no_grad()
def test_the_fused_generator_paints_as_the_plain_one(device: str) -> None:
    network = build(tiny_config(blocks=1)).sgnet.to(device)
    image, hole, labels = (values.to(device) for values in scene(2, 32, 19))
    expected = network(image, one_hot(labels, 3), hole)

    fused = FusedGenerator(_folded(network.generator), torch.float32)

    torch.testing.assert_close(fused.picture(image, labels, hole), expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_fused_generator_labels_as_the_plain_one(device: str) -> None:
    network = build(tiny_config(blocks=2, dilation=2, mask_channel=True)).spnet
    assert network is not None
    network.to(device)
    image, hole, labels = (values.to(device) for values in scene(1, 33, 18))
    coded = one_hot(labels, 3)
    expected = network.probabilities(image, coded, hole, 1.7)

    fused = FusedGenerator(_folded(network.generator), torch.float32)

    for given in (labels, coded):  # labels under the hole must not be read
        torch.testing.assert_close(fused.probabilities(image, given, hole, 1.7), expected, atol=1e-5, rtol=0)


def _folded(generator: nn.Module) -> Generator:
    assert isinstance(generator, Generator)
    _fold(generator)
    return generator


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"dropout": 0.1}, True),
        ({"norm": "instance"}, False),
        ({"skips": True}, False),
        ({"upsampling": "resize"}, False),
    ],
)
def test_only_generators_of_the_papers_layers_are_replaced(config: dict[str, object], expected: bool) -> None:
    generator = Generator(GeneratorConfig.from_dict({"classes": 3, "base_channels": 4, "blocks": 1, **config}), 3)
    assert not is_plain(generator) or config.get("norm") == "instance"
    _fold(generator.eval())
    assert is_plain(generator) == expected
