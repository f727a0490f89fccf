from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spgnet import Acceleration, GeneratorConfig, SGNet, SPGNet, SPGNetConfig, accelerate
from spgnet.config import Upsampling
from spgnet.networks import initialise
from spgnet.upsampling import ResizeConvolution, converted_kernel
from tests.support.edge_grid import edges_by_place

Scene = Callable[..., tuple[Tensor, Tensor, Tensor]]
Build = Callable[[SPGNetConfig], SPGNet]

FORMS: tuple[Upsampling, ...] = get_args(Upsampling)


def response(form: Upsampling, kernel: Tensor, values: Tensor) -> Tensor:
    if form == "transposed":
        return nn.functional.conv_transpose2d(values, kernel, stride=2, padding=1, output_padding=1)
    layer = ResizeConvolution(kernel.shape[1], kernel.shape[0], bilinear=form == "resize-bilinear").to(kernel.dtype)
    layer.weight.data, layer.bias = kernel, None
    with torch.no_grad():
        result: Tensor = layer(values)
    return result


@pytest.mark.parametrize(("bilinear", "mode"), [(False, "nearest"), (True, "bilinear")])
def test_a_resize_convolution_is_upsampling_and_a_convolution(bilinear: bool, mode: str) -> None:
    torch.manual_seed(0)
    layer = ResizeConvolution(2, 3, bilinear=bilinear)
    parts = nn.Sequential(nn.Upsample(scale_factor=2, mode=mode), nn.ReflectionPad2d(1), nn.Conv2d(2, 3, 3))
    parts[2].load_state_dict(layer.state_dict())
    values = torch.rand(1, 2, 5, 7)

    torch.testing.assert_close(layer(values), parts(values))


@pytest.mark.parametrize(("given", "wanted"), list(permutations(FORMS, 2)))
def test_the_other_kernel_is_that_of_least_squares(given: Upsampling, wanted: Upsampling) -> None:
    random = torch.Generator().manual_seed(0)
    kernel = torch.randn(2, 2, 3, 3, dtype=torch.float64, generator=random)
    found = converted_kernel(kernel, given, wanted)
    point = torch.zeros(1, 1, 7, 7, dtype=torch.float64)
    point[..., 3, 3] = 1
    units = torch.eye(9, dtype=torch.float64).view(9, 1, 1, 3, 3)
    responses = torch.stack([response(wanted, unit, point).flatten() for unit in units], dim=1)  # of single 1s

    for row in range(2):
        for column in range(2):
            place = (column, row) if "transposed" in {given, wanted} else (row, column)
            expected = response(given, kernel[row : row + 1, column : column + 1], point).flatten()
            best = torch.linalg.lstsq(responses, expected).solution.view(3, 3)
            torch.testing.assert_close(found[place], best)


def test_the_resize_kernel_keeps_what_constant_features_give_and_drops_the_lattice() -> None:
    random = torch.Generator().manual_seed(1)
    kernel, level = torch.randn(4, 3, 3, 3, generator=random), torch.randn(1, 4, 1, 1, generator=random)
    flat = level.expand(1, 4, 8, 8)
    resize = converted_kernel(kernel, "transposed", "resize")
    before = response("transposed", kernel, flat)[..., 4:-4, 4:-4]
    after = response("resize", resize, flat)[..., 4:-4, 4:-4]

    torch.testing.assert_close(after.mean(dim=(2, 3)), before.mean(dim=(2, 3)))
    assert float(before.std(dim=(2, 3)).min()) > 0.1
    assert float(after.std(dim=(2, 3)).max()) < 1e-5


def test_edges_stand_on_a_grid_after_nearest_upsampling_and_anywhere_after_bilinear() -> None:
    """The largest of 16 mean energies of edges over the mean, of untrained layers on 16 maps of noise."""
    hole = np.zeros((256, 256), bool)
    hole[64:192, 64:192] = True
    largest = {}
    for bilinear in (False, True):
        torch.manual_seed(0)
        layers = nn.Sequential()
        for _ in range(4):
            layers.extend([ResizeConvolution(16, 16, bilinear=bilinear), nn.InstanceNorm2d(16), nn.ReLU()])
        initialise(layers)
        with torch.no_grad():
            values = layers[:-1](torch.randn(16, 16, 16, 16))[:, :3].permute(0, 2, 3, 1)
        pictures = ((values / values.abs().max() + 1) * 127).to(torch.uint8).numpy()
        largest[bilinear] = [float(part.max() / part.mean()) for part in edges_by_place(list(pictures), hole)]

    assert min(largest[False]) > 1.3
    assert max(largest[True]) < 1.2


@pytest.mark.parametrize("upsampling", FORMS)
@pytest.mark.parametrize("skips", [False, True])
def test_every_form_is_the_same_in_the_hole_alone_and_folded(
    upsampling: str, skips: bool, scene: Scene, build: Build, tiny_config: Callable[..., SPGNetConfig]
) -> None:
    model = build(tiny_config(guided=False, upsampling=upsampling, skips=skips))
    for size in ((64, 48), (37, 50)):
        image, hole, _ = scene(2, *size)
        expected = model.complete(image, hole).composite
        for options in (Acceleration(crop_inference=True), Acceleration(crop_inference=True, folded=True)):
            fill = accelerate(model, options).complete(image, hole).composite

            torch.testing.assert_close(fill, expected, atol=1e-5, rtol=0)


def test_skip_connections_are_those_of_a_u_net(scene: Scene) -> None:
    image, hole, _ = scene(1, 64, 48)
    plain, skipping = (GeneratorConfig(3, 4, 1, mask_channel=True, skips=skips) for skips in (False, True))
    networks = [SGNet(config).eval() for config in (plain, skipping)]
    own, wider = (network.state_dict() for network in networks)
    more = {
        name: wider[name].shape[0] - value.shape[0] for name, value in own.items() if wider[name].shape != value.shape
    }

    assert more == {f"generator.up.{index}.weight": 4 * width for index, width in ((3, 4), (6, 2), (9, 1))}

    state = {
        name: torch.cat([value, wider[name][len(value) :] * 0]) if name in more else value
        for name, value in own.items()
    }
    networks[1].load_state_dict(state)
    with torch.no_grad():
        assert torch.equal(networks[0](image, None, hole), networks[1](image, None, hole))
        networks[1].generator.get_submodule("up.9").weight[-1] += 1  # type: ignore[index, operator]  # a kernel
        assert not torch.allclose(networks[0](image, None, hole), networks[1](image, None, hole))


def test_older_configurations_are_transposed_and_without_skips() -> None:
    assert GeneratorConfig.from_dict({"classes": 3}) == GeneratorConfig(3, upsampling="transposed", skips=False)
    with pytest.raises(
        TypeError, match="upsampling must be one of transposed, resize, resize-bilinear; found 'bilinear'"
    ):
        replace(GeneratorConfig(3), upsampling="bilinear")  # type: ignore[arg-type]  # as in a file
