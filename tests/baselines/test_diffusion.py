from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from skimage.restoration import inpaint_biharmonic

from baselines import biharmonic, opencv


class RadiusFill(Protocol):
    def __call__(
        self, image: npt.NDArray[np.uint8], hole: npt.NDArray[np.bool_], *, radius: float
    ) -> npt.NDArray[np.uint8]: ...


RNG = np.random.default_rng(5)
IMAGE = cv2.GaussianBlur(RNG.integers(0, 256, (60, 72, 3), dtype=np.uint8), (0, 0), 2.0).astype(np.uint8)
HOLE = np.zeros((60, 72), bool)
HOLE[20:44, 30:50] = True
HOLE[5, :] = True
HOLE[:, :2] = True


@pytest.mark.parametrize(
    ("fill", "method"), [(opencv.telea, cv2.INPAINT_TELEA), (opencv.navier_stokes, cv2.INPAINT_NS)]
)
@pytest.mark.parametrize("radius", [1.0, 3.0, 6.5])
def test_opencv_fills_equal_opencv(fill: RadiusFill, method: int, radius: float) -> None:
    bgr = cv2.cvtColor(np.where(HOLE[..., None], 0, IMAGE).astype(np.uint8), cv2.COLOR_RGB2BGR)
    reference = cv2.cvtColor(cv2.inpaint(bgr, HOLE.astype(np.uint8) * 255, radius, method), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(fill(IMAGE, HOLE, radius=radius), reference)


def test_the_default_radius_is_the_stated_one() -> None:
    assert opencv.RADIUS == 3
    np.testing.assert_array_equal(opencv.telea(IMAGE, HOLE), opencv.telea(IMAGE, HOLE, radius=3.0))
    assert (opencv.telea(IMAGE, HOLE) != opencv.telea(IMAGE, HOLE, radius=9.0)).any()


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan")])
def test_a_radius_must_be_positive(radius: float) -> None:
    with pytest.raises(ValueError, match="radius must be above 0 pixels"):
        opencv.telea(IMAGE, HOLE, radius=radius)


def test_biharmonic_equals_scikit_image() -> None:
    reference = inpaint_biharmonic(IMAGE.astype(np.float64) / 255, HOLE, channel_axis=-1) * 255
    filled = biharmonic.fill(IMAGE, HOLE)
    np.testing.assert_allclose(filled[HOLE], reference[HOLE], atol=0.5 + 1e-9)


def test_biharmonic_continues_a_plane_exactly() -> None:
    rows, columns = np.mgrid[:40, :40]
    plane = np.stack([3 * rows + 2 * columns, 200 - 2 * rows, 5 * columns], axis=-1).astype(np.uint8)
    hole = np.zeros((40, 40), bool)
    hole[12:30, 8:28] = True
    np.testing.assert_array_equal(biharmonic.fill(plane, hole), plane)
