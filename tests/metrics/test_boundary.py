from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt
from skimage.draw import disk

from bench.metrics import boundary_band, boundary_width
from bench.vocabulary import VOID


def by_distance_transform(labels: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.bool_]:
    touching = np.zeros(labels.shape, bool)
    for row, column in np.ndindex(labels.shape):
        for near in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            if 0 <= near[0] < labels.shape[0] and 0 <= near[1] < labels.shape[1]:
                here, there = labels[row, column], labels[near]
                touching[row, column] |= here != there and VOID not in (here, there)
    return distance_transform_edt(~touching) < width if touching.any() else touching


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 24), st.integers(1, 24), st.integers(1, 9), st.integers(1, 8), st.integers(0, 999))
def test_the_band_is_what_a_distance_transform_finds(height: int, width: int, band: int, size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    coarse = random.choice([0, 0, 1, 2, VOID], (2, height // size + 1, width // size + 1)).astype(np.uint8)
    labels = coarse.repeat(size, axis=1).repeat(size, axis=2)[:, :height, :width]

    found = boundary_band(torch.from_numpy(labels), band)

    assert found.shape == (2, 1, height, width)
    for index in range(2):
        np.testing.assert_array_equal(found[index, 0], by_distance_transform(labels[index], band))


def test_a_straight_boundary_has_the_width_on_each_side() -> None:
    labels = torch.zeros(1, 20, 20, dtype=torch.uint8)
    labels[:, :, 10:] = 1

    assert boundary_band(labels, 3)[0, 0, 7].nonzero().flatten().tolist() == [7, 8, 9, 10, 11, 12]


def test_the_band_of_one_pixel_is_round() -> None:
    labels = np.zeros((1, 31, 31), np.uint8)
    labels[0, 15, 15] = 1

    found = boundary_band(torch.from_numpy(labels), 9)[0, 0].numpy()

    expected = np.zeros((31, 31), bool)
    for row, column in ((14, 15), (16, 15), (15, 14), (15, 16), (15, 15)):
        expected[disk((row, column), 9)] = True  # type: ignore[no-untyped-call]  # scikit-image is untyped
    np.testing.assert_array_equal(found, expected)


def test_borders_of_void_are_no_boundary() -> None:
    labels = torch.zeros(1, 12, 12, dtype=torch.uint8)
    labels[:, :, 6:] = VOID

    assert not boundary_band(labels, 4).any()


def test_the_width_is_one_percent_of_the_diagonal() -> None:
    assert [boundary_width(*size) for size in ((16, 16), (256, 256), (256, 512), (1024, 2048))] == [1, 4, 6, 23]
