from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from bench.pictures import composite
from bench.training.recipes.critics import GlobalLocalCritic, PictureCritic, SpectralPatchCritic, window_around
from bench.training.recipes.losses import (
    discriminator_cross_entropy,
    generator_cross_entropy,
    style_loss,
    total_variation,
    weighted_mean,
)
from tests.training.recipes.baselines import batch


def test_a_weighted_mean_counts_pixels_as_often_as_it_says() -> None:
    error, hole = torch.zeros(1, 3, 2, 2), torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    hole[..., 0, 0] = True
    error[..., 0, 0], error[..., 1, 1] = 0.5, 0.25

    assert float(weighted_mean(error, hole, 1)) == pytest.approx(0.75 / 4)
    assert float(weighted_mean(error, hole, 5)) == pytest.approx((5 * 0.5 + 0.25) / 8)
    assert float(weighted_mean(error, hole, 1, 0)) == pytest.approx(0.5)
    assert float(weighted_mean(error, torch.zeros_like(hole), 1, 0)) == 0


def test_entropies_are_those_of_binary_classification() -> None:
    real, fake = torch.randn(7), torch.randn(7)
    entropy = functional.binary_cross_entropy_with_logits

    expected = (entropy(real, torch.ones(7)) + entropy(fake, torch.zeros(7))) / 2
    assert float(discriminator_cross_entropy(real, fake)) == pytest.approx(float(expected))
    assert float(generator_cross_entropy(fake)) == pytest.approx(float(entropy(fake, torch.ones(7))))
    assert float(generator_cross_entropy(torch.zeros(1))) == pytest.approx(math.log(2))


def test_style_compares_gram_matrices() -> None:
    real, fake = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    grams = [torch.einsum("nchw,ndhw->ncd", maps, maps) / (3 * 20) for maps in (real, fake)]

    assert float(style_loss([real], [fake])) == pytest.approx(float((grams[0] - grams[1]).abs().mean()), rel=1e-5)
    assert float(style_loss([real], [real.flip(3)])) == pytest.approx(0, abs=1e-6)  # where things are does not matter


def test_total_variation_looks_at_the_hole_and_its_border_only() -> None:
    hole = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    hole[..., 3:5, 3:5] = True
    flat, far, near = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    far[..., 0, 0], near[..., 3, 3] = 1, 1

    assert total_variation(flat, hole) == 0
    assert total_variation(far, hole) == 0
    assert float(total_variation(near, hole)) == pytest.approx(2 / 56 + 2 / 56)


def test_a_composite_keeps_the_known_pixels() -> None:
    one = batch()
    mixed = composite(torch.full_like(one.image, 0.5), one.image, one.hole)

    assert torch.equal(mixed.masked_fill(one.hole, 0), one.hidden)
    assert (mixed[one.hole.expand_as(mixed)] == 0.5).all()


@given(top=st.integers(0, 15), left=st.integers(0, 19), height=st.integers(1, 16), width=st.integers(1, 20))
def test_a_window_is_the_one_nearest_to_the_middle_of_the_hole(top: int, left: int, height: int, width: int) -> None:
    image = torch.arange(2 * 16 * 20).view(2, 1, 16, 20).float()
    hole = torch.zeros(2, 1, 16, 20, dtype=torch.bool)
    hole[0, :, top : top + height, left : left + width] = True
    hole[1, :, 0, 0] = True
    bottom, right = min(top + height, 16), min(left + width, 20)

    window = window_around(image, hole, (8, 10))

    first = min(max((top + bottom - 8) // 2, 0), 8), min(max((left + right - 10) // 2, 0), 10)
    assert torch.equal(window[0], image[0, :, first[0] : first[0] + 8, first[1] : first[1] + 10])
    assert torch.equal(window[1], image[1, :, :8, :10])


@pytest.mark.parametrize("size", [(32, 32), (64, 48), (256, 256)])
def test_discriminators_answer_for_every_size(size: tuple[int, int]) -> None:
    one = torch.rand(2, 3, *size)
    hole = torch.zeros(2, 1, *size, dtype=torch.bool)
    hole[..., 4:9, 4:9] = True

    assert PictureCritic(size, 2, 4)(one).shape == (2, 1)
    assert GlobalLocalCritic(size, 2)(one, hole).shape == (2, 1)
    assert SpectralPatchCritic(4)(one, hole).shape == (2, 16, -(-size[0] // 64), -(-size[1] // 64))


def test_discriminators_of_the_papers_have_the_published_vectors() -> None:
    critic = GlobalLocalCritic((256, 256), 64)

    assert critic.window == (128, 128)
    assert critic.whole.last.out_features == critic.part.last.out_features == 1024
    assert critic.whole.last.in_features == critic.part.last.in_features == 512 * 4 * 4
