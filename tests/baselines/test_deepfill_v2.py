from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.attention import contextual_attention
from baselines.deepfill_v2 import DeepFillV2, DeepFillV2Config, GatedConv2d

Scene = Callable[..., tuple[Tensor, Tensor]]

# The published table: filters in multiples of 1/2 `cnum`, kernel, stride (-2: twice as large first), dilation
ENCODED = [(2, 5, 1, 1), (4, 3, 2, 1), (4, 3, 1, 1), (8, 3, 2, 1), (8, 3, 1, 1), (8, 3, 1, 1)]
DILATED = [(8, 3, 1, rate) for rate in (2, 4, 8, 16)]
DECODED = [(4, 3, -2, 1), (4, 3, 1, 1), (2, 3, -2, 1), (1, 3, 1, 1), (0, 3, 1, 1)]
PLAIN = [(8, 3, 1, 1)] * 2
COARSE = [*ENCODED, *DILATED, *PLAIN, *DECODED]
BRANCH = [(2, 5, 1, 1), (2, 3, 2, 1), (4, 3, 1, 1), (4, 3, 2, 1), (8, 3, 1, 1), (8, 3, 1, 1), *DILATED]
MATCHED = [(2, 5, 1, 1), (2, 3, 2, 1), (4, 3, 1, 1), (8, 3, 2, 1), (8, 3, 1, 1), (8, 3, 1, 1)]
FINE = [*PLAIN, *DECODED]


def published(before: int, table: list[tuple[int, int, int, int]], half: int) -> int:
    """Parameters of a table."""
    total = 0
    for multiple, kernel, _, _ in table:
        filters = multiple * half or 3
        total += before * filters * kernel**2 + filters
        before = filters // 2
    return total


def run(layers: list[tuple[Tensor, Tensor]], table: list[tuple[int, int, int, int]], values: Tensor) -> Tensor:
    for (weight, bias), (multiple, kernel, stride, rate) in zip(layers, table, strict=True):
        if stride == -2:
            values = values.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        size = values.shape[2]
        total = max((-(-size // max(stride, 1)) - 1) * max(stride, 1) + rate * (kernel - 1) + 1 - size, 0)
        padding = (total // 2, total - total // 2)  # TensorFlow's SAME
        values = functional.conv2d(
            functional.pad(values, padding * 2), weight, bias, stride=max(stride, 1), dilation=rate
        )
        if multiple:
            filters = values.shape[1] // 2
            values = functional.elu(values[:, :filters]) * values[:, filters:].sigmoid()
    return values


def layers(module: nn.Module) -> list[tuple[Tensor, Tensor]]:
    found = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    return [(layer.weight, layer.bias) for layer in found if layer.bias is not None]


def test_both_stages_compute_what_the_published_layers_compute(scene: Scene) -> None:
    torch.manual_seed(0)
    network, (image, hole) = DeepFillV2(DeepFillV2Config(base_channels=8)), scene(2, 64, 64)
    mask = hole.float()
    with torch.no_grad():
        signed = (image * 2 - 1) * (1 - mask)
        coarse = run(layers(network.coarse), COARSE, torch.cat([signed, torch.ones_like(mask), mask], 1)).tanh()
        pasted = coarse * mask + signed * (1 - mask)
        kept = layers(network.matched)
        matched = run(kept[:-1], MATCHED[:-1], pasted)
        last = functional.conv2d(functional.pad(matched, (1, 1, 1, 1)), *kept[-1])
        matched = last[:, :16].relu() * last[:, 16:].sigmoid()
        attended = run(layers(network.attended), PLAIN, contextual_attention(matched, hole[..., ::4, ::4]))
        branch = run(layers(network.branch), BRANCH, pasted)
        fine = run(layers(network.fine), FINE, torch.cat([branch, attended], 1)).tanh()

        made = network.both(image, hole)

    for one, other in zip(made, (coarse, fine), strict=True):
        assert torch.allclose(one, (other + 1) / 2, atol=1e-5)
    assert torch.equal(made[1], network(image, hole))


def test_parameters_are_the_published_four_million() -> None:
    coarse, matched, branch = published(5, COARSE, 24), published(3, MATCHED, 24), published(3, BRANCH, 24)
    attended, fine = published(96, PLAIN, 24), published(192, FINE, 24)

    with torch.device("meta"):
        total = sum(parameter.numel() for parameter in DeepFillV2(DeepFillV2Config.paper()).parameters())

    assert total == coarse + matched + branch + attended + fine
    assert round(total / 1e6, 2) == 4.05


def test_the_paper_fills_256_pixels(scene: Scene) -> None:
    image, hole = scene(1, 256, 256)
    network = DeepFillV2(DeepFillV2Config.paper())

    with torch.no_grad():
        coarse, fine = network.both(image, hole)

    assert coarse.shape == fine.shape == (1, 3, 256, 256)


def test_an_untrained_stack_neither_fades_nor_explodes() -> None:
    torch.manual_seed(0)
    stack = nn.Sequential(*(GatedConv2d(24, 48) for _ in range(17)))
    values = torch.randn(2, 24, 32, 32)

    with torch.no_grad():
        deviation = float(stack(values)[..., 8:-8, 8:-8].std())

    assert 0.1 < deviation < 2
