from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from bench.training.recipes.lama import LaMaRecipe
from tests.training.recipes.baselines import batch, recipe, stage


class Constant(nn.Module):
    """A discriminator whose only score is a multiple of the mean of a picture."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, image: Tensor) -> Sequence[Sequence[Tensor]]:
        return [[image, self.factor * image.mean(dim=1, keepdim=True)]]


def test_weights_are_those_of_the_big_configuration() -> None:
    paper = LaMaRecipe.presets["paper"]

    assert paper.weights == {"known": 10, "missing": 0, "adversarial": 10, "matching": 100, "perceptual": 30}
    assert (paper.learning_rate, paper.critic_rate) == (1e-3, 1e-4)


def test_errors_are_means_of_their_own_region() -> None:
    one, fill = batch(), stage(recipe(LaMaRecipe), "fill")
    picture = torch.where(one.hole, one.image + 0.5, one.image - 0.25)

    terms = fill.reconstruction_terms(one, {"picture": picture})

    assert float(terms["missing"]) == pytest.approx(0.5, rel=1e-5)
    assert float(terms["known"]) == pytest.approx(0.25, rel=1e-5)


def test_outside_the_hole_made_patches_count_as_true_ones_and_gradients_are_punished() -> None:
    one, fill = batch(), stage(recipe(LaMaRecipe), "fill")
    fill.components.critics["critic"] = Constant(3.0)
    ones = torch.ones_like(one.image)
    share = float(one.hole.float().mean())
    pixels = one.image[0, 0].numel()

    loss = float(fill.discriminator_loss(type(one)(ones, one.hole, None, one.ids), {"picture": ones}).detach())

    right, wrong = math.log1p(math.exp(-3)), math.log1p(math.exp(3))
    penalty = 1e-3 * pixels * 3 * 1.0**2  # a score moves by 3 / 3 with each of its three channels
    assert loss == pytest.approx(right + share * wrong + (1 - share) * right + penalty, rel=1e-4)


def test_the_penalty_reaches_the_discriminator() -> None:
    one, fill = batch(), stage(recipe(LaMaRecipe), "fill")
    critic = fill.components.critics["critic"].train()

    loss = fill.discriminator_loss(one, {"picture": torch.rand_like(one.image)})

    gradients = torch.autograd.grad(loss, list(critic.parameters()), allow_unused=True)
    assert any(gradient is not None and gradient.any() for gradient in gradients)
