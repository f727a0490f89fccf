from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from spgnet import GeneratorConfig
from spgnet.networks import Residual
from spgnet.receptive_field import Chain
from spgnet.upsampling import ResizeConvolution


def residual(dilation: int, norm: str) -> nn.Module:
    block = Residual(GeneratorConfig.from_dict({"classes": 1, "dilation": dilation, "norm": norm}), 2)
    return block.eval()


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "reflection": lambda: nn.ReflectionPad2d(3),
    "convolution": lambda: nn.Conv2d(2, 2, 3),
    "wide convolution": lambda: nn.Conv2d(2, 2, 5),
    "dilated convolution": lambda: nn.Conv2d(2, 2, 3, dilation=2),
    "up-convolution": lambda: nn.ConvTranspose2d(2, 2, 3, stride=2, padding=1, output_padding=1),
    "resize-convolution": lambda: ResizeConvolution(2, 2),
    "bilinear resize-convolution": lambda: ResizeConvolution(2, 2, bilinear=True),
    "residual block": lambda: residual(1, "batch"),
    "dilated residual block": lambda: residual(2, "batch"),
    "residual block by its statistics": lambda: residual(1, "instance"),
    "statistics": lambda: nn.InstanceNorm2d(2),
    "pointwise": nn.ReLU,
}


@given(
    names=st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=4),
    size=st.tuples(st.integers(24, 32), st.integers(24, 32)),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
)
@settings(max_examples=150, deadline=None)
@torch.no_grad()
def test_a_window_is_cut_out_of_what_the_layers_compute(
    names: list[str], size: tuple[int, int], corners: tuple[float, float, float, float]
) -> None:
    torch.manual_seed(0)
    layers = [LAYERS[name]() for name in names]
    values = torch.randn(2, 2, *size)
    whole: Tensor = nn.Sequential(*layers)(values)
    rows, columns = (
        (min(first, last), max(first, last) + 1)
        for first, last in zip(
            (int(corners[0] * (whole.shape[2] - 1)), int(corners[1] * (whole.shape[3] - 1))),
            (int(corners[2] * (whole.shape[2] - 1)), int(corners[3] * (whole.shape[3] - 1))),
            strict=True,
        )
    )

    window = Chain(layers).window(values, (rows, columns))

    torch.testing.assert_close(window, whole[..., slice(*rows), slice(*columns)], atol=1e-5, rtol=1e-5)


def test_a_layer_whose_reach_is_unknown_is_refused() -> None:
    with pytest.raises(TypeError, match="found GroupNorm"):
        Chain([nn.GroupNorm(1, 2)])


def test_what_no_pixel_depends_on_is_not_computed() -> None:
    layers = [nn.ReflectionPad2d(1), nn.Conv2d(1, 1, 3), nn.ConvTranspose2d(1, 1, 3, 2, 1, 1)]

    chain = Chain(layers)

    assert chain.side(20) == 40
    assert chain.needs((10, 12), 20) == (4, 8)  # two pixels are made of two of the convolution's, and these of four
    assert chain.needs((0, 1), 20) == (0, 2)
    assert chain.needs((39, 40), 20) == (18, 20)
