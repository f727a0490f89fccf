from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure

import bench.metrics
from bench.metrics.structural.backends import ssim_cpu, ssim_torch

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
MakeRegion = Callable[..., torch.Tensor]
Metric = Callable[..., torch.Tensor]


def in_scikit_image(
    reference: torch.Tensor, completed: torch.Tensor, region: torch.Tensor | None = None
) -> npt.NDArray[np.float64]:
    """Its map, averaged over the valid pixels of the region and the channels."""
    values = []
    for index, (x, y) in enumerate(zip(reference.numpy(), completed.numpy(), strict=True)):
        _, similarity = structural_similarity(  # type: ignore[no-untyped-call]  # scikit-image is untyped
            x,
            y,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=0,
            full=True,
        )
        valid = similarity[:, 5:-5, 5:-5]
        mask = slice(None) if region is None else region[index, 0, 5:-5, 5:-5].numpy()
        values.append(valid[:, mask].mean() if valid[:, mask].size else np.nan)
    return np.array(values)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 3), st.integers(11, 40), st.integers(11, 40), st.floats(0, 1), st.floats(0, 80), st.integers(0, 99)
)
def test_ssim_agrees_with_scikit_image(
    pair: MakePair, region: MakeRegion, count: int, height: int, width: int, share: float, noise: float, seed: int
) -> None:
    reference, completed = pair(count, height, width, seed, noise)
    where = region(count, height, width, seed, share)

    np.testing.assert_allclose(
        bench.metrics.ssim(reference, completed), in_scikit_image(reference, completed), rtol=0, atol=1e-6
    )
    np.testing.assert_allclose(
        bench.metrics.ssim(reference, completed, where),
        in_scikit_image(reference, completed, where),
        rtol=0,
        atol=1e-6,
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 36)), max_size=4), st.integers(0, 99))
def test_differences_in_a_few_pixels_are_found_wherever_they_are(
    pair: MakePair, places: list[tuple[int, int]], seed: int
) -> None:
    reference, _ = pair(1, 30, 37, seed)
    completed = reference.clone()
    for row, column in places:
        completed[0, seed % 3, row, column] += 97

    ours = bench.metrics.ssim(reference, completed)

    np.testing.assert_allclose(ours, in_scikit_image(reference, completed), rtol=0, atol=1e-9)


def test_ssim_agrees_with_torchmetrics(pair: MakePair) -> None:
    reference, completed = pair(3, 40, 52)

    # torchmetrics averages windows over reflected borders too: its map is cropped here; float64 in, float64 out.
    _, similarity = structural_similarity_index_measure(
        completed.double(), reference.double(), sigma=1.5, data_range=255.0, return_full_image=True
    )

    theirs = similarity[:, :, 5:-5, 5:-5].mean(dim=(1, 2, 3))
    np.testing.assert_allclose(bench.metrics.ssim(reference, completed), theirs, rtol=0, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3), st.integers(11, 30), st.integers(11, 30), st.floats(0, 80), st.integers(0, 99))
def test_both_implementations_agree(
    pair: MakePair, region: MakeRegion, count: int, height: int, width: int, noise: float, seed: int
) -> None:
    reference, completed = pair(count, height, width, seed, noise)
    regions = [region(count, height, width, index, 0.4) for index in range(3)]

    sums, windows = ssim_cpu.dissimilarity_sums(reference, completed, regions)
    torch_sums, torch_windows = ssim_torch.dissimilarity_sums(reference, completed, regions)

    assert torch.equal(windows, torch_windows)
    np.testing.assert_allclose((sums - torch_sums) / windows.clamp(min=1), 0, atol=1e-9)


def test_equal_pictures_score_exactly_one(pair: MakePair) -> None:
    reference, _ = pair(2, 32, 32)

    assert bench.metrics.ssim(reference, reference.clone()).tolist() == [1, 1]
    everywhere = torch.ones(2, 1, 32, 32, dtype=torch.bool)
    assert ssim_torch.dissimilarity_sums(reference, reference, [everywhere])[0].tolist() == [[0], [0]]


def test_ssim_is_symmetric_and_below_one(pair: MakePair) -> None:
    reference, completed = pair(4, 24, 24, noise=60)

    there, back = bench.metrics.ssim(reference, completed), bench.metrics.ssim(completed, reference)

    np.testing.assert_allclose(there, back, rtol=0, atol=1e-14)
    assert there.max() < 1


def test_flat_pictures_have_the_value_of_the_luminance_term() -> None:
    dark = torch.full((1, 3, 16, 16), 100, dtype=torch.uint8)
    bright = torch.full((1, 3, 16, 16), 150, dtype=torch.uint8)
    stabiliser = (0.01 * 255) ** 2

    expected = (2 * 100 * 150 + stabiliser) / (100**2 + 150**2 + stabiliser)

    assert bench.metrics.ssim(dark, bright).item() == pytest.approx(expected, abs=1e-12)


def test_a_region_in_the_border_has_no_window(pair: MakePair) -> None:
    reference, completed = pair(1, 20, 20)
    frame = torch.ones(1, 1, 20, 20, dtype=torch.bool)
    frame[:, :, 5:-5, 5:-5] = False

    assert math.isnan(bench.metrics.ssim(reference, completed, frame))


@pytest.mark.parametrize("metric", [bench.metrics.psnr, bench.metrics.ssim, bench.metrics.l1])
def test_a_value_does_not_depend_on_batch_order_or_threads(
    pair: MakePair, region: MakeRegion, threads: Callable[[int], None], metric: Metric
) -> None:
    reference, completed = pair(9, 45, 37)
    where = region(9, 45, 37)
    threads(1)
    alone = [metric(*(t[i : i + 1] for t in (reference, completed, where))).item() for i in range(9)]

    for count in (1, 2, 5):
        threads(count)
        assert metric(reference, completed, where).tolist() == alone
        assert metric(reference.flip(0), completed.flip(0), where.flip(0)).tolist() == alone[::-1]
        assert metric(reference[2:7], completed[2:7], where[2:7]).tolist() == alone[2:7]


@pytest.mark.parametrize("metric", [bench.metrics.psnr, bench.metrics.ssim, bench.metrics.l1])
def test_the_memory_layout_does_not_matter(pair: MakePair, region: MakeRegion, metric: Metric) -> None:
    reference, completed = pair(2, 20, 31)
    where = region(1, 20, 31).expand(2, 1, 20, 31)
    rows_last = [t.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) for t in (reference, completed)]

    assert metric(*rows_last, where).tolist() == metric(reference, completed, where.contiguous()).tolist()
    assert metric(*(t[..., ::2] for t in rows_last), where[..., ::2]).shape == (2,)


def test_callers_on_several_threads_do_not_disturb_each_other(pair: MakePair, threads: Callable[[int], None]) -> None:
    threads(2)
    pairs = [pair(2, 32, 32, seed) for seed in range(8)]
    expected = [bench.metrics.ssim(*two).tolist() for two in pairs]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda two: bench.metrics.ssim(*two).tolist(), pairs))

    assert found == expected
