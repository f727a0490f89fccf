from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

import bench.metrics
from bench.errors import DataError
from bench.metrics import BatchView, measure
from bench.metrics.structural.backends import ms_ssim_cpu, ms_ssim_torch

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def in_torchmetrics(reference: torch.Tensor, completed: torch.Tensor) -> list[float]:
    """The paper's product of torchmetrics' maps on the valid area, each channel of each image on its own."""
    return [
        float(np.mean([product(x[None, None].double(), y[None, None].double()) for x, y in zip(*two, strict=True)]))
        for two in zip(reference, completed, strict=True)
    ]


def product(x: torch.Tensor, y: torch.Tensor) -> float:
    value = 1.0
    for scale, weight in enumerate(WEIGHTS):
        options: dict[str, Any] = {"sigma": 1.5, "data_range": 255.0, "reduction": "none"}
        if scale < 4:
            _, mean = structural_similarity_index_measure(y, x, **options, return_contrast_sensitivity=True)
            x, y = halved(x), halved(y)
        else:
            _, similarity = structural_similarity_index_measure(y, x, **options, return_full_image=True)
            mean = similarity[..., 5:-5, 5:-5].mean()
        value *= max(float(mean), 0) ** weight
    return value


def halved(picture: torch.Tensor) -> torch.Tensor:
    """As in the authors' code: the mean of four neighbours at every second pixel, the picture mirrored at its end."""
    odd = [size % 2 for size in picture.shape[2:]]
    padded = torch.from_numpy(np.pad(picture.numpy(), ((0, 0), (0, 0), (0, odd[0]), (0, odd[1])), mode="symmetric"))
    even, uneven = padded[..., ::2], padded[..., 1::2]
    return (even[..., ::2, :] + even[..., 1::2, :] + uneven[..., ::2, :] + uneven[..., 1::2, :]) / 4


@pytest.mark.parametrize(
    ("height", "width", "noise"), [(176, 192, 10), (161, 203, 60), (256, 177, 150), (170, 163, 1), (183, 161, 500)]
)
def test_it_agrees_with_the_papers_product_of_torchmetrics_maps(
    pair: MakePair, height: int, width: int, noise: float
) -> None:
    reference, completed = pair(1, height, width, 0, noise)

    ours = bench.metrics.ms_ssim(reference, completed)

    np.testing.assert_allclose(ours, in_torchmetrics(reference, completed), rtol=0, atol=1e-9)


def test_torchmetrics_own_value_is_near() -> None:
    """It pools the channels before it multiplies, and counts reflected borders in the coarsest scale."""
    y, x = np.mgrid[:256, :256] / 40
    reference = np.stack([np.sin(x) * np.cos(y), np.cos(x + y), np.sin(y - x)]) * 100 + 128
    noisy = reference + np.random.default_rng(0).normal(0, 10, reference.shape)
    two = [torch.from_numpy(np.rint(p.clip(0, 255)).astype(np.uint8))[None] for p in (reference, noisy)]

    ours = bench.metrics.ms_ssim(*two).item()

    theirs = multiscale_structural_similarity_index_measure(two[1].double(), two[0].double(), data_range=255.0)
    assert ours == pytest.approx(float(theirs), abs=1e-3)
    assert ours < 0.95


@settings(max_examples=8)
@given(st.integers(161, 200), st.integers(161, 200), st.floats(0, 80), st.integers(0, 99))
def test_both_implementations_agree(pair: MakePair, height: int, width: int, noise: float, seed: int) -> None:
    reference, completed = pair(2, height, width, seed, noise)

    compiled = ms_ssim_cpu.scale_losses(reference, completed, 5)

    np.testing.assert_allclose(compiled, ms_ssim_torch.scale_losses(reference, completed, 5), rtol=0, atol=1e-9)


def test_equal_pictures_score_exactly_one(pair: MakePair) -> None:
    reference, _ = pair(2, 161, 170)

    assert bench.metrics.ms_ssim(reference, reference.clone()).tolist() == [1, 1]
    assert not ms_ssim_torch.scale_losses(reference, reference, 5).any()


def test_inverted_pictures_score_zero(pair: MakePair) -> None:
    reference, _ = pair(1, 176, 176)

    assert bench.metrics.ms_ssim(reference, 255 - reference).item() == 0


def test_flat_pictures_have_the_luminance_term_of_the_coarsest_scale() -> None:
    dark, bright = (torch.full((1, 3, 176, 176), level, dtype=torch.uint8) for level in (100, 150))
    stabiliser = (0.01 * 255) ** 2
    luminance = (2 * 100 * 150 + stabiliser) / (100**2 + 150**2 + stabiliser)

    assert bench.metrics.ms_ssim(dark, bright).item() == pytest.approx(luminance**0.1333, abs=1e-12)


def test_more_noise_is_worse(pair: MakePair) -> None:
    values = [bench.metrics.ms_ssim(*pair(1, 176, 176, noise=noise)).item() for noise in (5, 20, 60)]

    assert values == sorted(values, reverse=True)
    assert 0 < values[-1] < values[0] < 1


def test_a_value_does_not_depend_on_batch_order_or_threads(pair: MakePair, threads: Callable[[int], None]) -> None:
    reference, completed = pair(5, 163, 176)
    threads(1)
    alone = [bench.metrics.ms_ssim(reference[i : i + 1], completed[i : i + 1]).item() for i in range(5)]

    for count in (1, 2, 5):
        threads(count)
        assert bench.metrics.ms_ssim(reference, completed).tolist() == alone
        assert bench.metrics.ms_ssim(reference.flip(0), completed.flip(0)).tolist() == alone[::-1]


def test_the_harness_measures_the_composited_picture(pair: MakePair) -> None:
    reference, raw = pair(2, 161, 161)
    hole = torch.zeros(2, 1, 161, 161, dtype=torch.bool)
    hole[:, :, 40:90, 40:90] = True
    completed = torch.where(hole, raw, reference)

    values = measure(BatchView(reference, completed, raw, hole), ["ms-ssim"])

    assert values.keys() == {"ms-ssim.full"}
    assert values["ms-ssim.full"].tolist() == bench.metrics.ms_ssim(reference, completed).tolist()


@pytest.mark.parametrize("size", [(160, 256), (256, 160)])
def test_pictures_too_small_for_five_scales_are_refused(pair: MakePair, size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=rf"be at least 161x161 pixels; found {size[0]}x{size[1]}\. Leave ms-ssim out"):
        bench.metrics.ms_ssim(*pair(1, *size))


def test_no_images_have_no_values() -> None:
    nothing = torch.zeros(0, 3, 176, 176, dtype=torch.uint8)

    assert bench.metrics.ms_ssim(nothing, nothing).shape == (0,)


def test_bad_pictures_are_named(pair: MakePair) -> None:
    reference, completed = pair(1, 176, 176)

    with pytest.raises(DataError, match=r"completed picture must be a uint8 tensor.*looks like 0 to 1"):
        bench.metrics.ms_ssim(reference, completed / 255)
    with pytest.raises(DataError, match=r"completed picture must have the shape"):
        bench.metrics.ms_ssim(reference, completed[..., 1:])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_another_device_gives_the_same_values(pair: MakePair) -> None:
    two = pair(3, 161, 190)

    there = bench.metrics.ms_ssim(*(picture.cuda() for picture in two))

    assert there.is_cuda
    assert not math.isnan(there[0])
    torch.testing.assert_close(there.cpu(), bench.metrics.ms_ssim(*two), rtol=0, atol=1e-9)
