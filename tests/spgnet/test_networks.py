from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from spgnet import GeneratorConfig, Segmenter, SGNet, SPGNetConfig, SPNet

Scene = Callable[..., tuple[Tensor, Tensor, Tensor]]
CLASSES = tuple("abcdefghijk")


class PublishedBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        pair = [[nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.BatchNorm2d(width)] for _ in range(2)]
        self.body = nn.Sequential(*pair[0], nn.ReLU(), *pair[1])

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = values + self.body(values)
        return result


def published(inputs: int, outputs: int, width: int) -> nn.Sequential:
    """The table of two independent re-implementations (docs/explanation/spgnet.md), without the heads."""
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7, 2), nn.BatchNorm2d(width), nn.ReLU()]
    for factor in (1, 2, 4):
        before, after = width * factor, width * factor * 2
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    layers += [PublishedBlock(width * 8) for _ in range(9)]
    for before, after in ((8, 8), (8, 4), (4, 2), (2, 1)):
        up = nn.ConvTranspose2d(width * before, width * after, 3, 2, 1, output_padding=1)
        layers += [up, nn.BatchNorm2d(width * after), nn.ReLU()]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, outputs, 7))


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def coded(labels: Tensor) -> Tensor:
    return nn.functional.one_hot(labels.long(), 3).permute(0, 3, 1, 2).float()


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    names = list(target.state_dict())
    target.load_state_dict(dict(zip(names, source.state_dict().values(), strict=True)))


@pytest.mark.parametrize("network", ["spnet", "sgnet"])
def test_a_generator_computes_what_the_published_layers_compute(network: str, scene: Scene) -> None:
    torch.manual_seed(0)
    image, hole, labels = scene(2, 64, 48)
    generator = {"spnet": SPNet, "sgnet": SGNet}[network](GeneratorConfig(3, base_channels=3)).train()
    reference = published(6, 3, 3).train()
    copy_in_order(reference, generator)

    known = coded(labels) * ~hole if network == "spnet" else coded(labels)
    logits = reference(torch.cat([(image * ~hole) * 2 - 1, known], dim=1))
    expected = logits if network == "spnet" else (torch.tanh(logits) + 1) / 2

    torch.testing.assert_close(generator(image, coded(labels), hole), expected)


def test_the_paper_preset_has_the_published_size() -> None:
    config = SPGNetConfig.paper(CLASSES)

    with torch.device("meta"):
        assert count(SPNet(config.spnet)) == count(published(14, 11, 64)) == 48_035_019
        assert count(SGNet(config.sgnet)) == count(published(14, 3, 64)) == 48_009_923


def test_the_small_preset_has_about_three_million_parameters_a_network() -> None:
    config = SPGNetConfig.small(CLASSES)

    assert count(SPNet(config.spnet)) == 3_023_947
    assert count(SGNet(config.sgnet)) == 3_017_667
    assert count(Segmenter(config.segmenter)) == 3_206_203


def test_weights_start_as_those_of_pix2pixhd() -> None:
    torch.manual_seed(0)
    network = SPNet(GeneratorConfig(3, base_channels=8))
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]

    drawn = torch.cat([m.weight.detach().flatten() for m in convolutions])
    assert float(drawn.mean()) == pytest.approx(0, abs=1e-4)
    assert float(drawn.std()) == pytest.approx(0.02, rel=0.01)
    assert torch.cat([m.weight for m in norms]).std().item() == pytest.approx(0.02, rel=0.2)
    assert all(not m.bias.any() for m in [*convolutions, *norms] if m.bias is not None)


def test_the_mask_channel_and_the_dilation_are_switches(scene: Scene) -> None:
    image, hole, labels = scene(1, 64, 64)
    fills = []
    for config in (
        GeneratorConfig(3, 4, 2, "instance"),
        GeneratorConfig(3, 4, 2, "instance", dilation=2),
        GeneratorConfig(3, 4, 2, "instance", mask_channel=True),
    ):
        torch.manual_seed(0)
        fills.append(SGNet(config)(image, coded(labels), hole))

    assert not torch.allclose(fills[0], fills[1])
    assert not torch.allclose(fills[0], fills[2])
    with torch.device("meta"):
        assert count(SGNet(GeneratorConfig(3, dilation=2))) == count(SGNet(GeneratorConfig(3)))
        assert count(SGNet(GeneratorConfig(3, mask_channel=True))) - count(SGNet(GeneratorConfig(3))) == 64 * 7 * 7


@given(height=st.integers(16, 100), width=st.integers(16, 100), dilation=st.sampled_from([1, 2]))
@settings(max_examples=8, deadline=None)
def test_any_size(height: int, width: int, dilation: int) -> None:
    torch.manual_seed(0)
    config = GeneratorConfig(3, 2, 1, "instance", dilation=dilation)
    image = torch.rand(1, 3, height, width)
    hole = torch.zeros(1, 1, height, width, dtype=torch.bool)
    hole[..., : height // 2, 3:9] = True
    labels = torch.zeros(1, 3, height, width)

    probabilities = SPNet(config).probabilities(image, labels, hole)
    picture = SGNet(config)(image, probabilities, hole)

    assert probabilities.shape == (1, 3, height, width)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(1, height, width))
    assert picture.shape == image.shape
    assert 0 <= picture.min().item() < picture.max().item() <= 1


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_a_picture_of_a_multiple_of_the_stride_is_not_padded(norm: Literal["batch", "instance"], scene: Scene) -> None:
    torch.manual_seed(0)
    image, hole, labels = scene(2, 48, 64)
    network = SGNet(GeneratorConfig(3, 4, 2, norm)).train()
    seen: list[tuple[int, ...]] = []
    down = network.generator.get_submodule("down")
    down.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape)))

    network(image, coded(labels), hole)
    network(image[..., :47, :49], coded(labels)[..., :47, :49], hole[..., :47, :49])

    assert seen == [(2, 6, 48, 64), (2, 6, 48, 64)]


def test_no_labels_are_all_zero_labels(scene: Scene) -> None:
    torch.manual_seed(0)
    image, hole, labels = scene(2, 32, 32)
    network = SGNet(GeneratorConfig(3, 4, 1, "instance"))

    assert torch.equal(network(image, None, hole), network(image, torch.zeros_like(coded(labels)), hole))
    assert not torch.allclose(network(image, None, hole), network(image, coded(labels), hole))


def test_mixed_precision_gives_a_float32_picture(scene: Scene) -> None:
    torch.manual_seed(0)
    image, hole, labels = scene(1, 32, 32)
    network = SGNet(GeneratorConfig(3, 8, 2, "instance"))
    exact = network(image, coded(labels), hole)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        picture = network(image, coded(labels), hole)

    assert picture.dtype == torch.float32
    torch.testing.assert_close(picture, exact, atol=0.1, rtol=0)


def test_dropout_is_on_in_training_alone_and_needs_no_other_weights(scene: Scene) -> None:
    torch.manual_seed(0)
    image, hole, labels = scene(2, 32, 32)
    plain, dropping = (SPNet(GeneratorConfig(3, 4, 2, "instance", dropout=share)) for share in (0.0, 0.5))
    dropping.load_state_dict(plain.state_dict())
    inputs = image, coded(labels), hole

    first, second = dropping.train()(*inputs), dropping(*inputs)

    assert not torch.equal(first, second)
    assert torch.equal(dropping.eval()(*inputs), plain.train()(*inputs))


def test_the_mean_over_flips_of_a_mirrored_picture_is_the_mirrored_mean(scene: Scene) -> None:
    torch.manual_seed(0)
    network = SPNet(GeneratorConfig(3, 4, 1, "instance")).eval()
    image, hole, labels = scene(2, 32, 48)
    inputs = image, coded(labels), hole
    mirrored = image.flip(3), coded(labels).flip(3), hole.flip(3)
    alone = network.probabilities(*inputs, temperature=2), network.probabilities(*mirrored, temperature=2).flip(3)
    network.average_flips = True

    averaged = network.probabilities(*inputs, temperature=2)

    assert torch.equal(averaged, (alone[0] + alone[1]) / 2)
    assert torch.equal(network.probabilities(*mirrored, temperature=2).flip(3), averaged)
    assert not torch.allclose(averaged, alone[0])


def test_at_half_size_the_known_pixels_of_every_square_are_averaged(scene: Scene) -> None:
    torch.manual_seed(0)
    half = SPNet(GeneratorConfig(3, 4, 1, "instance", mask_channel=True, downscale=2)).eval()
    whole = SPNet(GeneratorConfig(3, 4, 1, "instance", mask_channel=True)).eval()
    whole.load_state_dict(half.state_dict())
    image, hole, labels = scene(1, 32, 48)
    small = image, coded(labels), hole
    large = [values.repeat_interleave(2, 2).repeat_interleave(2, 3) for values in small]
    large[2][..., ::2, ::2] = True  # one pixel of each square is missing, too, and the others tell what it was
    large[0] = large[0].masked_fill(large[2], torch.nan)  # nothing of the hole is read

    logits = half(*large)

    expected = nn.functional.interpolate(whole(*small), scale_factor=2.0, mode="bilinear", align_corners=False)
    torch.testing.assert_close(logits, expected)
    odd = half(*(values[..., :61, :93] for values in large))
    assert odd.shape == (1, 3, 61, 93)
    assert odd.isfinite().all()
