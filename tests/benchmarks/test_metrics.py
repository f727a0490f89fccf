from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torchmetrics.image import StructuralSimilarityIndexMeasure

import bench.masks
from bench.metrics import BatchView, measure, ssim

Benchmark = Callable[..., Any]
Pictures = tuple[torch.Tensor, torch.Tensor]

COUNT, SIZE = 8, 256


def ours(reference: torch.Tensor, completed: torch.Tensor) -> torch.Tensor:
    return ssim(reference, completed)


def scikit_image(reference: torch.Tensor, completed: torch.Tensor) -> torch.Tensor:
    values = [
        structural_similarity(  # type: ignore[no-untyped-call]  # scikit-image is untyped
            x,
            y,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=0,
        )
        for x, y in zip(reference.numpy(), completed.numpy(), strict=True)
    ]
    return torch.tensor(values, dtype=torch.float64)


def torchmetrics(reference: torch.Tensor, completed: torch.Tensor) -> torch.Tensor:
    metric = StructuralSimilarityIndexMeasure(sigma=1.5, data_range=255.0, reduction="none")
    metric.update(completed.float(), reference.float())
    return torch.as_tensor(metric.compute())


@pytest.fixture(scope="module")
def hole() -> torch.Tensor:
    """A centre hole of a quarter of the picture."""
    hole = torch.zeros(COUNT, 1, SIZE, SIZE, dtype=torch.bool)
    hole[:, :, SIZE // 4 : -SIZE // 4, SIZE // 4 : -SIZE // 4] = True
    return hole


@pytest.fixture(scope="module")
def different() -> Pictures:
    """Pictures that differ in nearly every pixel: no work can be saved."""
    random = np.random.default_rng(0)
    reference = random.integers(0, 256, (COUNT, 3, SIZE, SIZE))
    noisy = np.rint(reference + random.normal(0, 20, reference.shape)).clip(0, 255)
    return torch.from_numpy(reference.astype(np.uint8)), torch.from_numpy(noisy.astype(np.uint8))


@pytest.fixture(scope="module")
def composited(different: Pictures, hole: torch.Tensor) -> Pictures:
    reference, noisy = different
    return reference, torch.where(hole, noisy, reference)


@pytest.fixture(scope="module")
def comparison(different: Pictures, composited: Pictures, hole: torch.Tensor) -> Callable[[], BatchView]:
    """Makes a fresh BatchView (nothing kept from the last), its raw output wrong everywhere, 8 stripes of labels."""
    labels = (torch.arange(SIZE) // 32).to(torch.uint8).expand(COUNT, SIZE, SIZE)
    return lambda: BatchView(different[0], composited[1], different[1], hole, labels)


@pytest.mark.benchmark(group="ssim-256 (8 images that differ everywhere)")
@pytest.mark.parametrize("function", [ours, scikit_image, torchmetrics])
def test_ssim_of_different_pictures(benchmark: Benchmark, different: Pictures, function: Benchmark) -> None:
    assert benchmark(function, *different).shape == (COUNT,)


@pytest.mark.benchmark(group="ssim-256 (8 composited images, centre hole of a quarter)")
@pytest.mark.parametrize("function", [ours, scikit_image, torchmetrics])
def test_ssim_of_composited_pictures(benchmark: Benchmark, composited: Pictures, function: Benchmark) -> None:
    assert benchmark(function, *composited).shape == (COUNT,)


@pytest.mark.benchmark(group="four-regions-256 (8 images)")
def test_all_metrics_in_four_regions(benchmark: Benchmark, comparison: Callable[[], BatchView]) -> None:
    assert len(benchmark(lambda: measure(comparison(), ["psnr", "ssim", "l1"]))) == 12


@pytest.mark.benchmark(group="seam-256 (8 images that differ everywhere)")
@pytest.mark.parametrize("metric", ["seam-gradient", "seam-colour"])
@pytest.mark.parametrize("protocol", ["center-50", "freeform", "irregular-40-50"])
def test_seams_cost_less_than_2_ms_an_image(benchmark: Any, different: Pictures, metric: str, protocol: str) -> None:
    holes = [bench.masks.draw(protocol, height=SIZE, width=SIZE, key=str(image)) for image in range(COUNT)]
    view = BatchView(*different, different[1], torch.from_numpy(np.stack(holes))[:, None])
    measure(view, [metric])  # compiles

    benchmark(measure, view, [metric])

    milliseconds = 1000 * benchmark.stats.stats.median / COUNT
    benchmark.extra_info["milliseconds_an_image"] = round(milliseconds, 2)
    assert milliseconds < 2, f"{milliseconds:.2f} ms an image"


@pytest.mark.benchmark(group="ssim-256 ratios (one round runs ours and the peer in turn)")
@pytest.mark.parametrize(("peer", "ratio"), [(scikit_image, 5), (torchmetrics, 20)])
def test_ssim_is_several_times_faster(benchmark: Any, different: Pictures, peer: Benchmark, ratio: float) -> None:
    seconds: dict[Benchmark, list[float]] = {ours: [], peer: []}

    def one_round() -> None:
        for function, spent in seconds.items():
            start = time.perf_counter()
            function(*different)
            spent.append(time.perf_counter() - start)

    one_round()  # compiles and warms up
    for spent in seconds.values():
        spent.clear()
    benchmark.pedantic(one_round, rounds=7)

    faster = statistics.median(theirs / mine for mine, theirs in zip(seconds[ours], seconds[peer], strict=True))
    benchmark.extra_info["times_faster"] = round(faster, 1)
    assert faster >= ratio, f"{faster:.1f} times as fast as {peer.__name__}"


@pytest.mark.benchmark(group="four-regions-256 (8 images)")
def test_four_regions_cost_less_than_a_third_of_one_ssim_of_scikit_image(
    benchmark: Any, different: Pictures, comparison: Callable[[], BatchView]
) -> None:
    seconds: list[tuple[float, float]] = []

    def one_round() -> None:
        start = time.perf_counter()
        measure(comparison(), ["psnr", "ssim", "l1"])
        between = time.perf_counter()
        scikit_image(*different)
        seconds.append((between - start, time.perf_counter() - between))

    one_round()
    seconds.clear()
    benchmark.pedantic(one_round, rounds=7)

    faster = statistics.median(theirs / mine for mine, theirs in seconds)
    benchmark.extra_info["times_faster"] = round(faster, 1)
    assert faster >= 3, f"{faster:.1f} times as fast as one SSIM of scikit-image"
