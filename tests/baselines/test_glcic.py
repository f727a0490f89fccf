from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from baselines.glcic import GLCIC, GLCICConfig

Scene = Callable[..., tuple[Tensor, Tensor]]

# kernel, stride, dilation, input and output channels of the published network, up-convolutions with stride -2
LAYERS = [
    (5, 1, 1, 4, 64),
    (3, 2, 1, 64, 128),
    (3, 1, 1, 128, 128),
    (3, 2, 1, 128, 256),
    (3, 1, 1, 256, 256),
    (3, 1, 1, 256, 256),
    (3, 1, 2, 256, 256),
    (3, 1, 4, 256, 256),
    (3, 1, 8, 256, 256),
    (3, 1, 16, 256, 256),
    (3, 1, 1, 256, 256),
    (3, 1, 1, 256, 256),
    (4, -2, 1, 256, 128),
    (3, 1, 1, 128, 128),
    (4, -2, 1, 128, 64),
    (3, 1, 1, 64, 32),
    (3, 1, 1, 32, 3),
]


def published(width: int, *, norm_last: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for kernel, stride, dilation, before, after in LAYERS:
        inputs = before if before <= 4 else before * width // 64
        outputs = after if after <= 4 else after * width // 64
        convolution: nn.Module
        if stride < 0:
            convolution = nn.ConvTranspose2d(inputs, outputs, kernel, -stride, 1)
        else:
            convolution = nn.Conv2d(inputs, outputs, kernel, stride, dilation * (kernel // 2), dilation)
        rest = [nn.ReLU(), nn.BatchNorm2d(outputs)] if norm_last else [nn.BatchNorm2d(outputs), nn.ReLU()]
        layers += [convolution, *(rest if after > 3 else [nn.Sigmoid()])]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("norm_last", [False, True])
def test_it_computes_what_the_published_layers_compute(norm_last: bool, scene: Scene) -> None:
    torch.manual_seed(0)
    image, hole = scene(2, 32, 48)
    network = GLCIC(GLCICConfig(base_channels=8, norm_last=norm_last)).train()
    reference = published(8, norm_last=norm_last).train()
    state = network.state_dict()
    mean = state.pop("mean")
    assert len(state) == len(reference.state_dict())
    named = {name: value for name, value in state.items() if "norm" not in name}
    norms = {name: value for name, value in state.items() if "norm" in name}
    theirs = reference.state_dict()
    for key in theirs:
        module = reference[int(key.split(".", maxsplit=1)[0])]
        source = norms if isinstance(module, nn.BatchNorm2d) else named
        theirs[key] = source.pop(next(iter(source)))
    reference.load_state_dict(theirs)

    given = torch.cat([torch.where(hole, mean, image), hole.float()], dim=1)

    assert torch.allclose(network(image, hole), reference(given), atol=1e-6)


def test_the_paper_has_six_million_parameters_without_normalisation() -> None:
    network = GLCIC(GLCICConfig.paper())
    convolutions = sum(kernel**2 * before * after + after for kernel, _, _, before, after in LAYERS)
    norms = sum(2 * after for *_, after in LAYERS[:-1])

    assert convolutions == 6_066_179
    assert sum(parameter.numel() for parameter in network.parameters()) == convolutions + norms


def test_the_paper_fills_256_pixels(scene: Scene) -> None:
    image, hole = scene(1, 256, 256)

    with torch.no_grad():
        assert GLCIC(GLCICConfig.paper())(image, hole).shape == (1, 3, 256, 256)
