from __future__ import annotations

import pytest
import torch

from bench.runtime.exact import exact_arithmetic


def settings() -> list[object]:
    cudnn = torch.backends.cudnn
    return [torch.get_float32_matmul_precision(), cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic]


def test_nothing_is_rounded_to_tf32_inside_the_block() -> None:
    before = settings()

    with exact_arithmetic("cuda:0"):
        assert settings() == ["highest", False, False, True]
        with exact_arithmetic("cuda:0"):
            assert settings() == ["highest", False, False, True]
        assert settings() == ["highest", False, False, True]

    assert settings() == before


def test_blocks_of_threads_may_end_in_any_order() -> None:
    before = settings()
    first, second = exact_arithmetic("cuda:0"), exact_arithmetic("cuda:0")

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert settings() == ["highest", False, False, True]
    second.__exit__(None, None, None)

    assert settings() == before


def test_the_cpu_needs_nothing() -> None:
    before = settings()

    with exact_arithmetic("cpu"):
        assert settings() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_convolutions_on_a_gpu_are_those_of_the_cpu() -> None:
    generator = torch.Generator().manual_seed(0)
    image, weight = (torch.rand(shape, generator=generator) for shape in ((2, 64, 32, 32), (64, 64, 3, 3)))
    expected = torch.nn.functional.conv2d(image.double(), weight.double())

    with exact_arithmetic("cuda:0"):
        found = torch.nn.functional.conv2d(image.cuda(), weight.cuda()).cpu().double()

    assert ((found - expected).abs() / expected).max() < 1e-5  # TF32: 1e-4
