from __future__ import annotations

from itertools import combinations

import pytest
import torch
from scipy import stats
from torch import Tensor

from spgnet.sampling import sample_labels, smooth_gumbel

HOLE = torch.zeros(2, 1, 32, 40, dtype=torch.bool)
HOLE[0, 0, 8:24, 6:34] = True
HOLE[1, 0, 2:30, 10:22] = True
LABELS = (torch.arange(2 * 32 * 40) % 3).reshape(2, 32, 40).to(torch.uint8)
EVEN = torch.full((2, 3, 32, 40), 1 / 3)


def certain(p: float) -> Tensor:
    probabilities = torch.full((2, 3, 32, 40), (1 - p) / 2)
    probabilities[:, 1] = p
    return probabilities


@pytest.mark.parametrize("sigma", [0.0, 2.5])
def test_every_pixel_of_the_noise_is_standard_gumbel(sigma: float) -> None:
    random = torch.Generator().manual_seed(0)
    draws = torch.stack([smooth_gumbel((2, 24, 24), sigma, random) for _ in range(150)])
    far_apart = draws[:, :, ::20, ::20].flatten()  # 20 pixels are 8 deviations, so these values are independent

    assert stats.kstest(far_apart.numpy(), stats.gumbel_r.cdf).pvalue > 0.01


def test_the_noise_is_smooth_in_space_and_independent_between_classes() -> None:
    noise = smooth_gumbel((8, 128, 128), 2.0, torch.Generator().manual_seed(0))
    neighbours = torch.corrcoef(torch.stack([noise[:, :, 1:].flatten(), noise[:, :, :-1].flatten()]))[0, 1]
    classes = torch.corrcoef(noise.flatten(1)) - torch.eye(8)

    assert neighbours > 0.9
    assert classes.abs().max() < 0.25  # about 300 independent values a class


def test_a_pixel_follows_its_own_probabilities() -> None:
    p = torch.tensor([0.15, 0.6, 0.25]).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    labels, hole = torch.zeros(1, 16, 16, dtype=torch.uint8), torch.ones(1, 1, 16, 16, dtype=torch.bool)
    drawn = [sample_labels(p, labels, hole, 1, [seed])[0, 0, 9, 7] for seed in range(400)]
    counts = torch.bincount(torch.stack(drawn).long(), minlength=3)

    assert stats.chisquare(counts.numpy(), [60, 240, 100]).pvalue > 0.01


def test_k_maps_differ_from_one_another_and_only_in_the_hole() -> None:
    for probabilities in (EVEN, certain(0.9), certain(1 - 1e-7), certain(1.0)):
        maps = sample_labels(probabilities, LABELS, HOLE, 4, [1, 2])

        assert maps.shape == (4, 2, 32, 40)
        assert maps.dtype == torch.uint8
        for one, other in combinations(maps, 2):
            assert (one != other).flatten(1).any(dim=1).all()
        outside = ~HOLE[:, 0]
        assert all(torch.equal(drawn[outside], LABELS[outside]) for drawn in maps)


def test_a_draw_consists_of_regions() -> None:
    drawn = sample_labels(EVEN, LABELS, torch.ones_like(HOLE), 1, [1, 2], smoothness=1 / 8)[0]
    alone = sample_labels(EVEN, LABELS, torch.ones_like(HOLE), 1, [1, 2], smoothness=0)[0]

    assert (drawn[:, :, 1:] == drawn[:, :, :-1]).float().mean() > 0.85
    assert (alone[:, :, 1:] == alone[:, :, :-1]).float().mean() < 0.4


def test_a_picture_has_its_own_stream() -> None:
    both = sample_labels(EVEN, LABELS, HOLE, 3, [7, 8])

    assert torch.equal(both[:, 1:], sample_labels(EVEN[1:], LABELS[1:], HOLE[1:], 3, [8]))
    assert torch.equal(both[:2], sample_labels(EVEN, LABELS, HOLE, 2, [7, 8]))
    assert not torch.equal(both, sample_labels(EVEN, LABELS, HOLE, 3, [8, 7]))


def test_more_maps_than_a_hole_has_are_refused() -> None:
    hole = torch.zeros(1, 1, 32, 40, dtype=torch.bool)
    hole[0, 0, 16, 20] = True
    maps = sample_labels(certain(0.999)[:1], LABELS[:1], hole, 3, [0])

    assert sorted(maps[:, 0, 16, 20].tolist()) == [0, 1, 2]
    with pytest.raises(ValueError, match="found 4, and only 3 different maps"):
        sample_labels(certain(0.999)[:1], LABELS[:1], hole, 4, [0])


def test_wrong_numbers_are_named() -> None:
    with pytest.raises(ValueError, match="k must be at least 1; found 0"):
        sample_labels(EVEN, LABELS, HOLE, 0, [1, 2])
    with pytest.raises(ValueError, match="seeds must be one for each of 2 pictures; found 1"):
        sample_labels(EVEN, LABELS, HOLE, 2, [1])
