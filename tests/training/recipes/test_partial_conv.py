from __future__ import annotations

import pytest
import torch

from baselines.partial_conv import PartialConvUNet
from bench.training.recipes.partial_conv import PartialConvRecipe
from tests.training.recipes.baselines import batch, recipe, stage


def test_terms_are_means_over_all_pixels_of_both_regions() -> None:
    one, train = batch(), stage(recipe(PartialConvRecipe), "train")
    share = float(one.hole.float().mean())
    picture = torch.where(one.hole, one.image + 0.5, one.image - 0.25)

    terms = train.losses("generator", one, {"picture": picture})

    assert float(terms["hole"]) == pytest.approx(0.5 * share, rel=1e-5)
    assert float(terms["valid"]) == pytest.approx(0.25 * (1 - share), rel=1e-5)


def test_weights_are_the_papers() -> None:
    weights = PartialConvRecipe.presets["paper"].weights

    assert weights == {"valid": 1, "hole": 6, "perceptual": 0.05, "style": 120, "tv": 0.1}


def test_fine_tuning_keeps_the_statistics_of_the_encoder_and_is_slower() -> None:
    made = recipe(PartialConvRecipe)
    network, tune = made.network, stage(made, "fine-tune")
    assert isinstance(network, PartialConvUNet)
    assert tune.optimizers[0].learning_rate < stage(made, "train").optimizers[0].learning_rate
    for name, kept in (("train", False), ("fine-tune", True)):
        network.train()
        before = {key: value.clone() for key, value in network.named_buffers() if key.endswith("running_mean")}
        stage(made, name).forward(batch())
        for key, value in network.named_buffers():
            if key in before:
                assert torch.equal(before[key], value) == (kept and key.startswith("encoder"))
