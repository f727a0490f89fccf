from __future__ import annotations

from fractions import Fraction

import numpy as np

from baselines import mean


def test_the_hole_is_the_mean_of_the_known_pixels() -> None:
    image = np.random.default_rng(3).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    hole = np.zeros((20, 30), bool)
    hole[4:11, 7:29] = True
    exact = [round(Fraction(int(image[~hole][:, channel].sum()), int((~hole).sum()))) for channel in range(3)]
    np.testing.assert_array_equal(mean.fill(image, hole)[hole], np.broadcast_to(exact, (int(hole.sum()), 3)))


def test_halves_go_to_the_even_neighbour() -> None:
    image = np.array([[[0, 1, 2], [1, 2, 3], [9, 9, 9]]], np.uint8)
    hole = np.array([[False, False, True]])
    assert mean.fill(image, hole)[0, 2].tolist() == [0, 2, 2]
