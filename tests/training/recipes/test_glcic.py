from __future__ import annotations

import torch

from bench.training.recipes.glcic import GLCICRecipe
from tests.training.recipes.baselines import batch, recipe, stage


def test_the_phases_are_completion_discriminator_and_both() -> None:
    made = recipe(GLCICRecipe)

    optimizers = {one.name: [spec.name for spec in one.optimizers] for one in made.stages}

    assert optimizers == {"completion": ["generator"], "discriminator": ["critic"], "joint": ["generator", "critic"]}
    assert stage(made, "discriminator").averaged == ()
    assert stage(made, "completion").optimizers[0].weights == {"mse": 1}
    assert stage(made, "joint").optimizers[0].weights == {"mse": 1, "adversarial": 4e-4}


def test_the_paper_shares_the_budget_as_90_10_and_400_thousand_steps() -> None:
    shares = GLCICRecipe.presets["paper"].shares

    assert [shares[name] / sum(shares.values()) for name in shares] == [0.18, 0.02, 0.8]


def test_the_error_is_that_of_the_hole() -> None:
    one, completion = batch(), stage(recipe(GLCICRecipe), "completion")
    wrong_outside = torch.where(one.hole, one.image, 1 - one.image)
    wrong_inside = torch.where(one.hole, one.image + 0.5, one.image)

    assert completion.losses("generator", one, {"picture": wrong_outside})["mse"] == 0
    assert torch.isclose(completion.losses("generator", one, {"picture": wrong_inside})["mse"], torch.tensor(0.25))


def test_the_discriminator_sees_composited_pictures() -> None:
    one, joint = batch(), stage(recipe(GLCICRecipe), "joint")
    picture = torch.rand_like(one.image)
    other = torch.where(one.hole, picture, torch.rand_like(picture))  # differs outside the hole only

    terms = [joint.losses("critic", one, {"picture": each})["adversarial"] for each in (picture, other)]

    assert torch.equal(*terms)
