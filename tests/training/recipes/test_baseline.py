from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

import bench.weights
from bench.errors import DataError, UnknownName, UsageError
from bench.training import RECIPES, DataFacts, TrainingBatch, fit
from bench.training.recipes import (
    context_encoder,
    deepfill_v2,
    edge_connect,
    glcic,
    imagenet,
    lama,
    partial_conv,
)
from bench.training.recipes.baseline import BaselineRecipe, BaselineTraining
from tests.training.recipes.baselines import batch, data, recipe, tiny_features
from tests.training.toys import toy_settings

MADE: dict[str, type[BaselineRecipe]] = {
    "context-encoder": context_encoder.ContextEncoderRecipe,
    "glcic": glcic.GLCICRecipe,
    "partial-conv": partial_conv.PartialConvRecipe,
    "deepfill-v2": deepfill_v2.DeepFillV2Recipe,
    "edge-connect": edge_connect.EdgeConnectRecipe,
    "lama": lama.LaMaRecipe,
}
every_recipe = pytest.mark.parametrize("make", MADE.values(), ids=MADE.keys())


@every_recipe
def test_all_stages_train_and_the_weights_load_where_they_are_used(
    make: type[BaselineRecipe], tmp_path: Path, fabric: Fabric
) -> None:
    names = [stage.name for stage in recipe(make).stages]
    settings = toy_settings(2 * len(names), batch_size=2, check_every=100, log_every=1)

    fit(lambda facts: RECIPES.create(make.name, config="small", data=facts), data(), settings, tmp_path, fabric)

    card = json.loads((tmp_path / "card.json").read_text())
    assert list(card["training"]["stages"]) == names
    assert "val.psnr.hole" in card["stages"][names[-1]]["validation"]
    network = make.architecture.from_pretrained(tmp_path / "weights" / make.name)
    with torch.no_grad():
        assert network(batch().hidden, batch().hole).isfinite().all()
    later = recipe(make)
    later.start_from(tmp_path / "weights")
    with pytest.raises(UsageError, match="start from weights as a whole; found only critic"):
        later.start_from(tmp_path / "weights", ("critic",))
    assert all(torch.equal(later.network.state_dict()[key], value) for key, value in network.state_dict().items())


@every_recipe
def test_an_optimizer_updates_its_own_networks_and_no_others(
    make: type[BaselineRecipe], tmp_path: Path, fabric: Fabric
) -> None:
    for name in [stage.name for stage in recipe(make).stages]:
        made = recipe(make)
        for stage in made.stages:
            stage.after = ()
        moved = {
            net for stage in made.stages if stage.name == name for spec in stage.optimizers for net in spec.networks
        }
        before = {key: {k: v.clone() for k, v in net.named_parameters()} for key, net in made.networks.items()}
        settings = toy_settings(1, batch_size=2, stages=(name,), average_decay=0.0, log_every=1)
        fit(lambda _, made=made: made, data(), settings, tmp_path / name, fabric)  # type: ignore[misc]  # a default binds it now
        for key, network in made.networks.items():
            changed = any(not torch.equal(before[key][k], weight) for k, weight in network.named_parameters())
            assert changed == (key in moved), f"{key} in {name}"


@every_recipe
@pytest.mark.parametrize("preset", ["paper", "small"])
@pytest.mark.parametrize("with_features", [False, True])
def test_every_term_with_a_weight_is_made_and_no_other(
    make: type[BaselineRecipe], preset: str, with_features: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imagenet, "load", lambda _: tiny_features())
    features = "vgg19" if with_features else "none"
    made = recipe(make, replace(make.presets[preset], size="small", features=features))  # type: ignore[arg-type]  # either is one
    for network in made.networks.values():
        network.train()

    for stage in made.stages:
        outputs = stage.forward(batch())
        for spec in stage.optimizers:
            terms = stage.losses(spec.name, batch(), outputs)
            assert set(terms) == {*spec.weights, *spec.logged}
            assert all(term.ndim == 0 and term.isfinite() for term in terms.values())
    wanted = {name for name, weight in make.presets[preset].weights.items() if weight}
    used = {name for stage in made.stages for spec in stage.optimizers for name in spec.weights}
    assert used >= (wanted if with_features else wanted - {"perceptual", "style"})


@every_recipe
def test_terms_are_finite_in_mixed_precision(make: type[BaselineRecipe]) -> None:
    made, one = (
        recipe(make, side=64),
        batch(side=64),
    )  # oneDNN's bfloat16 gradients of a 5x5 filter on 1x1 are not finite

    for stage in made.stages:
        for spec in stage.optimizers:
            for name, network in made.networks.items():
                network.requires_grad_(name in spec.networks)
            with torch.autocast("cpu", torch.bfloat16):
                terms = stage.losses(spec.name, one, stage.forward(one))
            total = torch.stack([terms[name].float() * weight for name, weight in spec.weights.items()]).sum()
            moved = [weight for name in spec.networks for weight in made.networks[name].parameters()]
            gradients = torch.autograd.grad(total, moved, allow_unused=True)
            assert all(gradient is None or gradient.isfinite().all() for gradient in gradients)
            assert any(gradient is not None and gradient.any() for gradient in gradients)


@every_recipe
def test_without_adversarial_terms_there_is_no_discriminator_to_pay_for(make: type[BaselineRecipe]) -> None:
    config = make.presets["small"]
    weights = {name: 0.0 if name in ("adversarial", "matching") else weight for name, weight in config.weights.items()}
    last = recipe(make, replace(config, weights=weights)).stages[-1]

    assert [spec.name for spec in last.optimizers] == [last.optimizers[0].name]


@every_recipe
def test_what_is_in_the_hole_changes_no_guess(make: type[BaselineRecipe]) -> None:
    made, one = recipe(make), batch()
    for network in made.networks.values():
        network.eval()
    other = TrainingBatch(torch.where(one.hole, torch.rand_like(one.image), one.image), one.hole, None, one.ids)

    with torch.no_grad():
        for stage in made.stages:
            output, again = stage.predict(one), stage.predict(other)
            for first, second in zip(
                (output.image, *output.extra.values()), (again.image, *again.extra.values()), strict=True
            ):
                assert (first is None) == (second is None)
                assert first is None or second is None or torch.equal(first, second)


@every_recipe
def test_only_imagenet_weights_that_are_at_hand_are_compared(
    make: type[BaselineRecipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[str] = []
    monkeypatch.setattr(bench.weights, "absence", lambda name: "" if name in here else "not here")
    paper = make.presets["paper"]
    resolved = paper.resolved()
    assert resolved.features == "none"
    assert not any(resolved.weights.get(name) for name in ("perceptual", "style"))
    assert make.presets["small"].resolved().features == "none"
    for name in ("alexnet", "vgg19"):  # the later wins: it is the papers'
        here.append(name)
        assert paper.resolved().features == name
        assert paper.resolved().weights == paper.weights


@every_recipe
def test_what_cannot_be_started_or_built_is_said(make: type[BaselineRecipe], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"must hold {make.name}.safetensors"):
        recipe(make).start_from(tmp_path)
    sizes: Any = make.architecture.configuration
    make.architecture(replace(sizes.small(), base_channels=8)).save(tmp_path / make.name)
    with pytest.raises(ValueError, match="of another shape"):
        recipe(make).start_from(tmp_path)
    with pytest.raises(UnknownName, match="Did you mean small"):
        RECIPES.create(make.name, config="smalls", data=DataFacts((), (32, 32)))


@pytest.mark.parametrize("name", ["context-encoder", "glcic", "partial-conv", "lama"])
def test_a_single_picture_cannot_train_a_network_with_batch_normalisation(name: str) -> None:
    with pytest.raises(UsageError, match="must hold two pictures or more; found 1"):
        recipe(MADE[name]).stages[0].forward(batch(1))


@every_recipe
def test_settings_are_json_and_tell_presets_apart(make: type[BaselineRecipe]) -> None:
    texts = {json.dumps(config.to_dict(), sort_keys=True) for config in make.presets.values()}

    assert len(texts) == len(make.presets)
    assert all(isinstance(config, BaselineTraining) for config in make.presets.values())
