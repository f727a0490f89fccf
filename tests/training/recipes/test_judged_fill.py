from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from bench.errors import DataError
from bench.training import RECIPES, Start, fit
from bench.training.recipes import deepfill_v2, edge_connect, glcic, lama, partial_conv
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining
from bench.training.recipes.spgnet import PRESETS
from spgnet import DiscriminatorConfig
from tests.training.recipes.baselines import batch, data, recipe, stage
from tests.training.toys import toy_settings

JUDGED: dict[str, type[BaselineRecipe]] = {
    "glcic": glcic.GLCICRecipe,
    "partial-conv": partial_conv.PartialConvRecipe,
    "deepfill-v2": deepfill_v2.DeepFillV2Recipe,
    "edge-connect": edge_connect.EdgeConnectRecipe,
    "lama": lama.LaMaRecipe,
}
every_judged = pytest.mark.parametrize("make", JUDGED.values(), ids=JUDGED.keys())
PRESET = "small-adversarial"


def tiny(make: type[BaselineRecipe]) -> BaselineTraining:
    """The preset with a discriminator that is quick."""
    return replace(make.presets[PRESET], judge=DiscriminatorConfig(2, 2, 4, spectral_norm=True))


def judged(make: type[BaselineRecipe]) -> tuple[BaselineRecipe, Any]:
    made = recipe(make, tiny(make))
    return made, stage(made, "adversarial")


@every_judged
def test_the_terms_are_those_of_sg_net(make: type[BaselineRecipe]) -> None:
    ours, config = PRESETS[PRESET], make.presets[PRESET]
    own = stage(recipe(make, config), "adversarial").optimizers

    assert dict(own[0].weights) == {name: ours.picture_weights[name] for name in ("l1", "adversarial", "matching")}
    assert own[0].ramps == dict.fromkeys(("adversarial", "matching"), ours.ramp)
    assert {(spec.learning_rate, spec.betas) for spec in own} == {(ours.learning_rate, ours.betas)}
    assert (config.judge, config.hole_share) == (ours.critic, ours.hole_share)
    assert [spec.logged for spec in own] == [(), ("accuracy",)]


@pytest.mark.parametrize("make", [glcic.GLCICRecipe, edge_connect.EdgeConnectRecipe])
def test_it_goes_on_from_weights_and_is_loaded_where_it_is_used(
    make: type[BaselineRecipe], tmp_path: Path, fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(make.presets, PRESET, tiny(make))
    (tmp_path / "start").mkdir()
    recipe(make).export(tmp_path / "start", ())
    start = (Start(tmp_path / "start"),)
    settings = toy_settings(2, batch_size=2, check_every=100, log_every=1, stages=("adversarial",), start=start)

    fit(lambda facts: RECIPES.create(make.name, config=PRESET, data=facts), data(), settings, tmp_path / "out", fabric)

    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert card["training"]["model"]["judge"]["spectral_norm"]
    assert card["training"]["start"]
    assert "critic.accuracy" in card["stages"]["adversarial"]["losses"]
    before, after = (
        make.architecture.from_pretrained(folder / make.name).state_dict()
        for folder in (tmp_path / "start", tmp_path / "out" / "weights")
    )
    changed = {key.split(".")[0] for key, value in before.items() if not torch.equal(value, after[key])}
    assert changed
    assert "edge_generator" not in changed


@pytest.mark.parametrize("make", [glcic.GLCICRecipe])
def test_random_weights_are_no_start(make: type[BaselineRecipe], tmp_path: Path, fabric: Fabric) -> None:
    settings = toy_settings(1, batch_size=2)

    with pytest.raises(DataError, match="must start from weights; found none"):
        fit(lambda _: recipe(make, tiny(make)), data(), settings, tmp_path, fabric)


@every_judged
def test_only_what_is_in_the_hole_is_judged(make: type[BaselineRecipe]) -> None:
    _, last = judged(make)
    one = batch(side=32)
    picture = torch.rand_like(one.image)
    other = torch.where(one.hole, picture, torch.rand_like(picture))

    for optimizer, names in (("critic", ("adversarial", "accuracy")), (last.generator, ("adversarial", "matching"))):
        torch.manual_seed(0)
        terms = [
            last.losses(optimizer, one, {"picture": each, "coarse": each, "true": each}) for each in (picture, other)
        ]
        for name in names:
            torch.testing.assert_close(terms[0][name], terms[1][name], rtol=1e-3, atol=1e-4)


@every_judged
def test_norms_of_gradients_are_logged_and_change_nothing(make: type[BaselineRecipe]) -> None:
    made, last = judged(make)
    before = {key: value.clone() for key, value in made.network.state_dict().items()}

    norms = last.diagnostics(batch())

    assert set(norms) == {"gradient.l1", "gradient.adversarial", "gradient.matching"}
    assert all(value.isfinite() for value in norms.values())
    assert all(torch.equal(value, before[key]) for key, value in made.network.state_dict().items())
