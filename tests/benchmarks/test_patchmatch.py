from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from baselines import opencv, patchmatch

Picture = npt.NDArray[np.uint8]

RAMPS = np.add.outer(np.arange(256) * 3, np.arange(256) * 5)[..., None] * (1, 2, 3) % 256
PICTURE = (RAMPS // 2 + np.random.default_rng(0).integers(0, 128, (256, 256, 3))).astype(np.uint8)
HOLE = np.zeros((256, 256), bool)
HOLE[64:192, 64:192] = True


@pytest.mark.benchmark(group="fill-256-center")
@pytest.mark.parametrize("fill", [opencv.telea, patchmatch.fill], ids=["telea", "patchmatch"])
def test_fill_the_centre_of_256(
    benchmark: Callable[..., Picture], fill: Callable[[Picture, npt.NDArray[np.bool_]], Picture]
) -> None:
    fill(PICTURE, HOLE)  # compiles, or loads what was compiled
    filled = benchmark(fill, PICTURE, HOLE)
    np.testing.assert_array_equal(filled[~HOLE], PICTURE[~HOLE])
