from __future__ import annotations

import pytest
import torch

from bench.training.recipes.context_encoder import ContextEncoderRecipe
from tests.training.recipes.baselines import batch, recipe, stage


def test_weights_and_rates_are_the_authors() -> None:
    paper = ContextEncoderRecipe.presets["paper"]

    assert paper.weights == {"l2": 0.999, "adversarial": 0.001}
    assert paper.learning_rate == 10 * paper.critic_rate == 2e-3
    assert paper.betas[0] == 0.5


def test_the_error_is_that_of_the_whole_picture_and_the_hole_counts_more() -> None:
    one, fill = batch(), stage(recipe(ContextEncoderRecipe), "fill")
    share = float(one.hole.float().mean())
    picture = torch.where(one.hole, one.image + 0.5, one.image + 0.25)  # twice that in [-1, 1]

    error = float(fill.reconstruction_terms(one, {"picture": picture})["l2"])

    assert error == pytest.approx((5 * share + (1 - share) * 0.25) / (5 * share + 1 - share), rel=1e-5)
