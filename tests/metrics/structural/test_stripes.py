from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d, gaussian_filter

from bench.metrics import BatchView, measure, stripes
from bench.pictures import quantise

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]


def square(size: int, low: int, high: int, count: int = 1) -> torch.Tensor:
    hole = torch.zeros(count, 1, size, size, dtype=torch.bool)
    hole[..., low:high, low:high] = True
    return hole


def plain(truth: np.ndarray, answer: np.ndarray, hole: np.ndarray) -> float:
    taps = np.array([1, *[2] * 15, 1]) / 32

    def ratio(picture: np.ndarray) -> Any:
        means = convolve1d(convolve1d(picture.astype(float), taps, axis=1, mode="mirror"), taps, axis=2, mode="mirror")
        residual, segments, squares, pixels = picture - means, [], 0.0, 0
        for values, holes in ((residual, hole), (residual.transpose(0, 2, 1), hole.T)):
            begin = max(0, np.flatnonzero(holes.any(axis=0))[0] - 8)
            for row in range(holes.shape[0]):
                for first in range(begin, holes.shape[1], 16):
                    inside = values[:, row, first : first + 16][:, holes[row, first : first + 16]]
                    if inside.shape[1] >= 8:
                        segments.append((inside.sum(axis=1) ** 2).sum() / inside.shape[1])
                        squares, pixels = squares + (inside**2).sum(), pixels + inside.shape[1]
        return 10 * np.log10((np.mean(segments) + 0.25) / (squares / pixels + 0.25))

    return float(ratio(np.where(hole, answer, truth)) - ratio(truth))


def test_it_is_the_formula(pair: MakePair) -> None:
    truth, answer = pair(1, 50, 61, noise=40)
    holes = torch.zeros(3, 1, 50, 61, dtype=torch.bool)
    holes[0, 0, 0:35, 21:] = True
    holes[1] = torch.from_numpy(np.random.default_rng(1).random((1, 50, 61)) < 0.7)
    holes[2] = True

    for hole in holes:
        expected = plain(truth[0].numpy(), answer[0].numpy(), hole[0].numpy())
        assert stripes(truth, answer, hole[None]).item() == pytest.approx(expected, abs=1e-9)


def test_the_truth_scores_exactly_zero_and_known_pixels_are_not_looked_at(pair: MakePair) -> None:
    truth, other = pair(2, 64, 64)
    hole = square(64, 10, 50, 2)

    assert stripes(truth, torch.where(hole, truth, other), hole).tolist() == [0, 0]


def test_a_plaid_without_a_period_is_measured_and_texture_without_lines_is_not() -> None:
    random = np.random.default_rng(7)
    truth = torch.from_numpy(np.clip(120 + 15 * random.standard_normal((4, 3, 96, 96)), 0, 255).astype(np.uint8))
    hole = square(96, 16, 80, 4)

    def score(pattern: np.ndarray) -> float:
        return float(stripes(truth, quantise(torch.from_numpy((120 + pattern) / 255)), hole).mean())

    rows, columns = random.standard_normal((2, 4, 3, 96))
    plaid = 20 * (rows[..., :, None] + columns[..., None, :])
    texture = 20 * random.standard_normal((4, 3, 96, 96))
    soft = np.stack([[gaussian_filter(channel, 1.5) for channel in one] for one in texture]) * 4
    assert score(plaid) > 6
    assert abs(score(texture)) < 0.2
    assert score(plaid) > score(soft) + 2  # a blur raises it, lines raise it more


def test_lines_of_the_truth_are_no_fault() -> None:
    random = np.random.default_rng(3)
    walls = np.repeat(random.integers(60, 200, (2, 3, 24, 1)), 4, axis=2).repeat(96, axis=3).astype(np.uint8)
    truth, hole = torch.from_numpy(walls), square(96, 16, 80, 2)
    moved = torch.roll(truth, 5, dims=2)

    assert (stripes(truth, moved, hole).abs() < 1).all()


@pytest.mark.parametrize("sides", [(0, 5), (40, 60)])
def test_a_small_hole_has_no_value(sides: tuple[int, int]) -> None:
    truth = torch.zeros(1, 3, 96, 96, dtype=torch.uint8)

    assert stripes(truth, truth, square(96, *sides)).isnan().all()


def test_values_do_not_depend_on_batch_and_threads(pair: MakePair, threads: Callable[[int], None]) -> None:
    tensors = (*pair(3, 64, 56), square(64, 9, 50, 3)[..., :56])
    threads(1)
    alone = torch.cat([stripes(*(part[i : i + 1] for part in tensors)) for i in range(3)])
    threads(4)

    assert torch.equal(stripes(*tensors), alone)
    view = BatchView(tensors[0], torch.where(tensors[2], tensors[1], tensors[0]), tensors[1], tensors[2])
    assert torch.equal(measure(view, ["stripes"])["stripes.hole"], alone)
