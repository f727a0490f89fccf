from __future__ import annotations

import pytest
import torch

from bench.training.recipes.deepfill_v2 import DeepFillV2Recipe
from tests.training.recipes.baselines import batch, recipe, stage


def test_both_pictures_count_and_the_hole_more() -> None:
    one, fill = batch(), stage(recipe(DeepFillV2Recipe), "fill")
    share = float(one.hole.float().mean())
    inside, outside = (torch.where(one.hole == missing, one.image + 0.1, one.image) for missing in (True, False))
    fill.optimizers = fill.optimizers[:1]
    fill.optimizers[0].__dict__["weights"] = {"l1": 1.0}

    def l1(coarse: torch.Tensor, fine: torch.Tensor) -> float:
        return float(fill.losses("generator", one, {"coarse": coarse, "picture": fine})["l1"])

    total = 5 * share + 1 - share
    assert l1(inside, one.image) == l1(one.image, inside) == pytest.approx(0.2 * 5 * share / total, rel=1e-4)
    assert l1(outside, one.image) == pytest.approx(0.2 * (1 - share) / total, rel=1e-4)
    assert l1(inside, inside) == pytest.approx(2 * l1(inside, one.image), rel=1e-4)


@pytest.mark.parametrize(("score", "pays", "fools"), [(0.0, 1.0, 0.0), (2.0, 1.5, -2.0), (-0.5, 1.0, 0.5)])
def test_the_discriminator_pays_for_scores_between_minus_one_and_one(score: float, pays: float, fools: float) -> None:
    one, fill = batch(), stage(recipe(DeepFillV2Recipe), "fill")
    fill.components.critics["critic"] = lambda image, _: torch.full((len(image), 8, 1, 1), score)

    with torch.no_grad():
        outputs = fill.forward(one)
        paid = [float(fill.losses(optimizer, one, outputs)["adversarial"]) for optimizer in ("critic", "generator")]

    assert paid == pytest.approx([pays, fools])
