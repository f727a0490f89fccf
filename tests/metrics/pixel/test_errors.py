from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio
from torchmetrics.functional.image import peak_signal_noise_ratio as torchmetrics_psnr

import bench.metrics
from bench.metrics.pixel.backends import errors_cpu, errors_torch

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
MakeRegion = Callable[..., torch.Tensor]
Floats = npt.NDArray[np.float64]


def in_numpy(reference: torch.Tensor, completed: torch.Tensor, region: torch.Tensor) -> tuple[Floats, Floats]:
    x, y = reference.numpy().astype(np.float64), completed.numpy().astype(np.float64)
    differences = [(a - b)[:, mask[0]] for a, b, mask in zip(x, y, region.numpy(), strict=True)]
    with np.errstate(divide="ignore"):
        decibels = [10 * np.log10(255**2 / np.mean(d**2)) if d.size else np.nan for d in differences]
    percent = [100 * np.mean(np.abs(d)) / 255 if d.size else np.nan for d in differences]
    return np.array(decibels), np.array(percent)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 20), st.integers(1, 20), st.floats(0, 1), st.floats(0, 80), st.integers(0, 99))
def test_psnr_and_l1_agree_with_the_formulas_in_float64(
    pair: MakePair, region: MakeRegion, count: int, height: int, width: int, share: float, noise: float, seed: int
) -> None:
    reference, completed = pair(count, height, width, seed, noise)
    where = region(count, height, width, seed, share)

    decibels, percent = in_numpy(reference, completed, where)

    np.testing.assert_allclose(bench.metrics.psnr(reference, completed, where), decibels, rtol=0, atol=1e-9)
    np.testing.assert_allclose(bench.metrics.l1(reference, completed, where), percent, rtol=0, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3), st.integers(0, 20), st.integers(0, 20), st.integers(1, 3), st.integers(0, 99))
def test_both_implementations_agree(
    pair: MakePair, region: MakeRegion, count: int, height: int, width: int, number: int, seed: int
) -> None:
    reference, completed = pair(count, height, width, seed, 60)
    regions = [region(count, height, width, index, index / 4) for index in range(number)]

    assert torch.equal(
        errors_cpu.pixel_sums(reference, completed, regions),
        errors_torch.pixel_sums(reference, completed, regions),
    )


def test_psnr_agrees_with_scikit_image_and_torchmetrics(pair: MakePair) -> None:
    reference, completed = pair(3, 40, 52)

    ours = bench.metrics.psnr(reference, completed)

    theirs = [
        peak_signal_noise_ratio(a, b, data_range=255)  # type: ignore[no-untyped-call]  # scikit-image is untyped
        for a, b in zip(reference.numpy(), completed.numpy(), strict=True)
    ]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
    # torchmetrics pools all images unless told which axes make one image; it takes logarithms in float32.
    pooled = torchmetrics_psnr(completed.double(), reference.double(), data_range=255, reduction="none", dim=(1, 2, 3))
    np.testing.assert_allclose(ours, pooled, rtol=0, atol=2e-6)


def test_equal_pictures_have_infinite_psnr_and_no_l1(pair: MakePair) -> None:
    reference, _ = pair(2, 16, 16)

    assert bench.metrics.psnr(reference, reference.clone()).tolist() == [math.inf, math.inf]
    assert bench.metrics.l1(reference, reference.clone()).tolist() == [0, 0]


def test_black_against_white_is_the_worst() -> None:
    black, white = torch.zeros(1, 3, 4, 4, dtype=torch.uint8), torch.full((1, 3, 4, 4), 255, dtype=torch.uint8)

    assert bench.metrics.psnr(black, white).item() == 0
    assert bench.metrics.l1(white, black).item() == 100


def test_an_empty_region_is_undefined_and_does_not_touch_its_neighbours(pair: MakePair) -> None:
    reference, completed = pair(2, 16, 16)
    where = torch.ones(2, 1, 16, 16, dtype=torch.bool)
    where[0] = False

    for metric in (bench.metrics.psnr, bench.metrics.l1, bench.metrics.ssim):
        values = metric(reference, completed, where)
        assert math.isnan(values[0])
        assert values[1] == metric(reference, completed)[1]


def test_no_images_have_no_values() -> None:
    nothing = torch.zeros(0, 3, 16, 16, dtype=torch.uint8)

    for metric in (bench.metrics.psnr, bench.metrics.l1, bench.metrics.ssim):
        assert metric(nothing, nothing).shape == (0,)
        assert metric(nothing, nothing).dtype == torch.float64


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_full_and_hole_psnr_of_a_composite_differ_by_the_hole_share(pair: MakePair, share: float) -> None:
    reference, noisy = pair(2, 32, 32)
    hole = torch.zeros(2, 1, 32, 32, dtype=torch.bool)
    hole[:, :, : round(32 * share)] = True
    composited = torch.where(hole, noisy, reference)

    gain = bench.metrics.psnr(reference, composited) - bench.metrics.psnr(reference, composited, hole)

    np.testing.assert_allclose(gain, -10 * math.log10(share), rtol=0, atol=1e-12)


def test_large_pictures_do_not_overflow() -> None:
    black = torch.zeros(1, 3, 1, 1, dtype=torch.uint8).expand(1, 3, 2048, 2048)
    white = torch.full((1, 3, 1, 1), 255, dtype=torch.uint8).expand(1, 3, 2048, 2048)

    assert bench.metrics.psnr(black, white).item() == 0
