from __future__ import annotations

import pytest
import torch
from torch import nn

from spgnet import Discriminator, DiscriminatorConfig


def test_features_of_every_scale_and_layer() -> None:
    torch.manual_seed(0)
    outputs = Discriminator(DiscriminatorConfig(), in_channels=11)(torch.rand(2, 11, 64, 48))

    assert [[tuple(f.shape[1:]) for f in scale] for scale in outputs] == [
        [(64, 33, 25), (128, 17, 13), (256, 9, 7), (512, 10, 8), (1, 11, 9)],
        [(64, 17, 13), (128, 9, 7), (256, 5, 4), (512, 6, 5), (1, 7, 6)],
        [(64, 9, 7), (128, 5, 4), (256, 3, 3), (512, 4, 4), (1, 5, 5)],
    ]


def test_the_default_is_as_large_as_that_of_pix2pixhd() -> None:
    filters = [(3, 64), (64, 128), (128, 256), (256, 512), (512, 1)]
    expected = 3 * sum(before * after * 16 + after for before, after in filters)

    assert sum(p.numel() for p in Discriminator(DiscriminatorConfig(), 3).parameters()) == expected


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_scales_and_layers_are_switches(layers: int) -> None:
    config = DiscriminatorConfig(scales=2, layers=layers, base_channels=4)
    outputs = Discriminator(config, 3)(torch.rand(1, 3, 64, 64))

    assert [len(scale) for scale in outputs] == [layers + 2] * 2
    assert [scale[-1].shape[1] for scale in outputs] == [1, 1]


def test_channels_stop_at_512() -> None:
    with torch.device("meta"):
        discriminator = Discriminator(DiscriminatorConfig(scales=1, layers=5, base_channels=128), 3)

    assert max(m.out_channels for m in discriminator.modules() if isinstance(m, nn.Conv2d)) == 512


def test_a_coarser_scale_sees_the_pooled_picture() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(DiscriminatorConfig(base_channels=4), 3)
    values = torch.rand(1, 3, 32, 40)
    pool = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)

    outputs = discriminator(values)

    for scale, pooled in zip((0, 1, 2), (values, pool(values), pool(pool(values))), strict=True):
        for ours, expected in zip(outputs[scale], discriminator.scales[scale](pooled), strict=True):
            torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_a_score_does_not_depend_on_the_batch(norm: str) -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(DiscriminatorConfig.from_dict({"base_channels": 4, "norm": norm}), 3)
    values = torch.rand(3, 3, 32, 32)

    torch.testing.assert_close(discriminator(values)[0][-1][1:2], discriminator(values[1:2])[0][-1])


def test_spectral_norm_makes_every_filter_bank_of_norm_one() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(DiscriminatorConfig(scales=1, base_channels=4, spectral_norm=True), 3).train()
    for _ in range(60):  # each step is one power iteration
        discriminator(torch.rand(1, 3, 32, 32))

    weights = [m.weight.detach() for m in discriminator.eval().modules() if isinstance(m, nn.Conv2d)]
    assert [float(torch.linalg.matrix_norm(w.flatten(1), 2)) for w in weights] == pytest.approx([1] * 5, rel=0.02)


def test_a_label_map_of_other_classes_is_refused() -> None:
    discriminator = Discriminator(DiscriminatorConfig(scales=1, base_channels=4), in_channels=11)

    with pytest.raises(ValueError, match="must have 11 channels; found 8"):
        discriminator(torch.rand(1, 8, 32, 32))


def test_spectral_norm_works_under_mixed_precision() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(DiscriminatorConfig(scales=1, base_channels=4, spectral_norm=True), 3).train()
    values = torch.rand(1, 3, 32, 32)
    for _ in range(20):
        exact = discriminator(values)[0][-1]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = discriminator(values)[0][-1]

    torch.testing.assert_close(rough.float(), exact, atol=0.05, rtol=0)
