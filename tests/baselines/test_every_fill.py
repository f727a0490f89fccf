from __future__ import annotations

import importlib
import importlib.metadata
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from baselines import biharmonic, mean, opencv, patchmatch

Picture = npt.NDArray[np.uint8]
Hole = npt.NDArray[np.bool_]
Fill = Callable[[Picture, Hole], Picture]

FILLS: dict[str, Fill] = {
    "mean": mean.fill,
    "telea": opencv.telea,
    "navier_stokes": opencv.navier_stokes,
    "biharmonic": biharmonic.fill,
    "patchmatch": patchmatch.fill,
}
MODULES = ("mean", "opencv", "biharmonic", "patchmatch")

every_fill = pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS.keys())


def picture(*size: int, seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def centre(height: int, width: int) -> Hole:
    hole = np.zeros((height, width), bool)
    hole[height // 4 : -height // 4, width // 4 : -width // 4] = True
    return hole


holes = hnp.arrays(bool, st.tuples(st.integers(16, 40), st.integers(16, 40))).filter(lambda h: h.any() and not h.all())


@every_fill
@given(hole=holes, seed=st.integers(0, 9))
@settings(max_examples=15, deadline=None)
def test_known_pixels_stay_and_hole_pixels_are_not_read(fill: Fill, hole: Hole, seed: int) -> None:
    image = picture(*hole.shape, seed=seed)
    changed = np.where(hole[..., None], picture(*hole.shape, seed=seed + 1), image)
    before = image.copy()
    filled = fill(image, hole)
    assert filled.dtype == np.uint8
    assert filled.shape == image.shape
    np.testing.assert_array_equal(filled[~hole], image[~hole])
    np.testing.assert_array_equal(filled, fill(changed, hole))
    np.testing.assert_array_equal(image, before)


@every_fill
def test_a_constant_picture_stays_constant(fill: Fill) -> None:
    image = np.full((32, 48, 3), (200, 7, 90), np.uint8)
    hole = centre(32, 48)
    tolerance = 3 if fill is opencv.telea else 0  # OpenCV's own rounding
    np.testing.assert_allclose(fill(image, hole), image.astype(float), atol=tolerance)


@every_fill
def test_a_view_with_odd_strides_is_as_good_as_a_copy(fill: Fill) -> None:
    wide = picture(32, 64)
    hole = centre(32, 32)
    np.testing.assert_array_equal(fill(wide[::-1, ::2], hole), fill(wide[::-1, ::2].copy(), hole))


@every_fill
@pytest.mark.parametrize(
    ("image", "hole", "found"),
    [
        (picture(16, 16).astype(np.float32), centre(16, 16), "found float32"),
        (picture(16, 16)[..., 0], centre(16, 16), r"found uint8 \[16, 16\]"),
        (picture(16, 16), centre(16, 16).astype(np.uint8), "found uint8"),
        (picture(16, 16), centre(16, 20), r"found bool \[16, 20\]"),
        (picture(16, 16), np.zeros((16, 16), bool), "a missing pixel; found none"),
        (picture(16, 16), np.ones((16, 16), bool), "a known pixel; found none"),
    ],
)
def test_a_wrong_argument_is_named(fill: Fill, image: Picture, hole: Hole, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        fill(image, hole)


@pytest.mark.parametrize("name", MODULES)
def test_each_module_says_what_its_output_depends_on(name: str) -> None:
    module = importlib.import_module(f"baselines.{name}")
    code = f"import sys, baselines.{name}; print(*(m for m in sys.modules if m.startswith('baselines.')))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert set(module.SOURCES) == set(loaded.split())
    for library in module.LIBRARIES:
        assert importlib.metadata.version(library)


def test_the_package_itself_is_light() -> None:
    heavy = {"numpy", "cv2", "numba", "skimage", "scipy", "torch", "bench"}
    code = f"import sys, baselines; print(*sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert loaded.strip() == ""
