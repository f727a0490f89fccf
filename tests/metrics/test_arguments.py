from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import bench.metrics
from bench.errors import DataError

Metric = Callable[..., torch.Tensor]
FUNCTIONS = [bench.metrics.psnr, bench.metrics.ssim, bench.metrics.l1]
PICTURE = torch.arange(2 * 3 * 16 * 16).reshape(2, 3, 16, 16).to(torch.uint8)
REGION = torch.ones(2, 1, 16, 16, dtype=torch.bool)

BAD_PICTURES = {
    "float 0-1": (
        PICTURE.float() / 255,
        r"float32 \[2, 3, 16, 16\] with values from 0 to 1 \(looks like 0 to 1\).*mul\(255\)",
    ),
    "float 0-255": (PICTURE.float(), r"values from 0 to 255 \(looks like 0 to 255\).*image\.round"),
    "float -1..1": (PICTURE.double() / 127.5 - 1, r"float64 .* from -1 to 1 \(looks like -1 to 1\).*add\(1\)"),
    "float beyond": (PICTURE.float() * 3, r"values from 0 to 765 \(no known picture range\)"),
    "float nan": (PICTURE.float() * float("nan"), r"not all finite"),
    "int64": (PICTURE.long(), r"found int64 \[2, 3, 16, 16\]"),
    "numpy": (PICTURE.numpy(), r"found a numpy\.ndarray uint8 \[2, 3, 16, 16\].*channels last"),
    "none": (None, r"found a NoneType"),
    "grey": (PICTURE[:, :1], r"found uint8 \[2, 1, 16, 16\].*Grey"),
    "single, channels last": (PICTURE[0].permute(1, 2, 0), r"found uint8 \[16, 16, 3\].*permute\(2, 0, 1\)"),
    "channels last": (PICTURE.permute(0, 2, 3, 1), r"found uint8 \[2, 16, 16, 3\].*permute\(0, 3, 1, 2\)"),
    "rgba": (torch.zeros(2, 4, 16, 16, dtype=torch.uint8), r"found uint8 \[2, 4, 16, 16\].*RGB"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("picture", "message"), BAD_PICTURES.values(), ids=BAD_PICTURES)
def test_a_bad_picture_is_named_on_either_side(function: Metric, picture: object, message: str) -> None:
    with pytest.raises(DataError, match=f"reference picture must be a uint8 tensor .*{message}"):
        function(picture, PICTURE)
    with pytest.raises(DataError, match=f"completed picture must be a uint8 tensor .*{message}"):
        function(PICTURE, picture)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("other", [PICTURE[:1], PICTURE[:, :, 1:], PICTURE[:, :, :, :12]])
def test_pictures_of_different_sizes_are_refused(function: Metric, other: torch.Tensor) -> None:
    with pytest.raises(DataError, match=r"completed picture must have the shape .* found .*never resize"):
        function(PICTURE, other)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("region", "message"),
    [
        (REGION.float(), r"bool tensor \[N, 1, H, W\]; found float32 \[2, 1, 16, 16\].*threshold"),
        (REGION.numpy(), r"have the shape \[2, 16, 16\].*found numpy\.ndarray bool \[2, 1, 16, 16\]"),
        (REGION[:, 0], r"have the shape \[2, 1, 16, 16\].*found \[2, 16, 16\]"),
        (REGION.expand(2, 3, 16, 16), r"found \[2, 3, 16, 16\]"),
        (REGION[:1], r"found \[1, 1, 16, 16\]"),
    ],
)
def test_a_bad_region_is_named(function: Metric, region: torch.Tensor, message: str) -> None:
    with pytest.raises(DataError, match=f"region must .*{message}"):
        function(PICTURE, PICTURE, region)


def test_pictures_on_different_devices_are_refused() -> None:
    with pytest.raises(DataError, match="completed picture must be on the reference's device cpu; found meta"):
        bench.metrics.psnr(PICTURE, PICTURE.to("meta"))


def test_pictures_below_the_window_are_refused_by_ssim() -> None:
    with pytest.raises(DataError, match="must be at least 11x11 pixels; found 10x16"):
        bench.metrics.ssim(PICTURE[:, :, :10], PICTURE[:, :, :10])
    assert bench.metrics.ssim(PICTURE[:, :, :11, :11], PICTURE[:, :, :11, :11]).tolist() == [1, 1]
