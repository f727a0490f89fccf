from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

import bench.weights
from bench.errors import DataError, RunConflict, UnknownName, UsageError, WeightsMissing
from bench.training import RECIPES, DataFacts, Start, TrainingData, fit, read_log
from bench.training.data.batches import BatchMaker, TrainingBatch
from bench.training.optimization.losses import term_weights
from bench.training.recipe import Ramp, Stage
from bench.training.recipes.spgnet import PRESETS, SPGNetRecipe, SPGNetTraining
from bench.vocabulary import VOID
from spgnet import DiscriminatorConfig, SGNet, SPGNet, SPGNetConfig, SPNet
from tests.training.toys import Squares, toy_data, toy_settings

STAGES = ("segmenter", "sp-net", "sg-net", "joint", "unguided")
CLASSES = ("ground", "square")


class Tiny(SPGNetTraining):
    """The small preset with networks of a few thousand weights, but for the segmenter."""

    def networks(self, classes: tuple[str, ...], *, guided: bool = True) -> SPGNetConfig:
        small = SPGNetConfig.small(classes, guided=guided)
        generator = replace(small.spnet, base_channels=4, blocks=1)
        segmenter = replace(small.segmenter, decoder_channels=16)
        sgnet = replace(generator, upsampling=self.upsampling, skips=self.skips)
        return replace(small, spnet=generator, sgnet=sgnet, segmenter=segmenter)


TINY = Tiny(
    size="small",
    features="segmenter",
    critic=DiscriminatorConfig(scales=2, layers=2, base_channels=4),
    label_weights={"adversarial": 1.0, "matching": 10.0, "cross_entropy": 5.0},
    picture_weights={"adversarial": 1.0, "matching": 10.0, "perceptual": 10.0, "l1": 10.0},
)


ADVERSARIAL = replace(
    TINY,
    critic=replace(TINY.critic, spectral_norm=True),
    composited=True,
    ramp=Ramp(0.5, 1.0),
    r1_weight=0.1,
    hole_share=0.9,
    border_discount=0.9,
)


def data() -> TrainingData:
    return replace(toy_data(), train=Squares(6, side=40), validation=Squares(2, side=32), size=(32, 32))


def recipe(config: SPGNetTraining = TINY) -> SPGNetRecipe:
    torch.manual_seed(0)
    return SPGNetRecipe(config, DataFacts(CLASSES, (32, 32)))


def batch(size: int = 2) -> TrainingBatch:
    own = data()
    return TrainingBatch.on(torch.device("cpu"), BatchMaker(own.train, own.protocol, own.size, size, seed=0)(0))


def finalize(made: SPGNetRecipe) -> None:
    """Generators normalise over the batch, since with the statistics of untrained ones all pictures are grey."""
    for name, network in made.networks.items():
        network.train(name in ("sp-net", "sg-net", "unguided"))


def test_all_stages_train_and_the_weights_load_where_they_are_used(tmp_path: Path, fabric: Fabric) -> None:
    settings = toy_settings(10, batch_size=2, stages=STAGES, check_every=100, log_every=1)
    fit(partial(SPGNetRecipe, TINY), data(), settings, tmp_path, fabric)
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["stages"].keys() == set(STAGES)
    assert set(card["stages"]["sg-net"]["validation"]) >= {"val.psnr.hole", "val.l1.hole", "val.miou.hole"}
    assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == sorted(
        f"{name}-{card['stages'][name]['steps']:08d}.png" for name in STAGES
    )
    for name in ("spgnet", "unguided"):
        assert json.loads((tmp_path / "weights" / f"{name}.json").read_text())["config"]["classes"] == list(CLASSES)
        model = SPGNet.from_pretrained(tmp_path / "weights" / name)
        completion = model.complete(batch().hidden, batch().hole)
        assert completion.image.isfinite().all()


def test_a_training_starts_from_the_weights_of_an_earlier_one(tmp_path: Path) -> None:
    earlier, later = recipe(), SPGNetRecipe(TINY, DataFacts(CLASSES, (64, 64)))
    earlier.export(tmp_path, STAGES)
    assert not same_weights(earlier, later)
    later.start_from(tmp_path)
    assert same_weights(earlier, later)


def test_networks_start_from_folders_of_their_own(tmp_path: Path) -> None:
    labels, pictures, later = recipe(), SPGNetRecipe(TINY, DataFacts(CLASSES, (32, 32))), recipe()
    labels.export(tmp_path / "labels", ("segmenter", "sp-net"))
    pictures.export(tmp_path / "pictures", ("unguided",))
    for network in later.networks.values():
        for weight in network.parameters():
            torch.nn.init.zeros_(weight)
    later.start_from(tmp_path / "labels", ("segmenter",))
    later.start_from(tmp_path / "pictures", ("sp-net", "sg-net"))
    assert same_weights(later, labels, "segmenter")
    painter, spnet = pictures.networks["unguided"].state_dict(), later.networks["sp-net"].state_dict()
    assert all(torch.equal(painter[key], value) for key, value in later.networks["sg-net"].state_dict().items())
    other = [key for key, value in spnet.items() if value.shape != painter[key].shape]
    assert [key.rpartition(".")[2] for key in other] == ["weight", "bias"]  # of the last layer: other outputs
    assert not any(spnet[key].any() for key in other)
    assert all(torch.equal(painter[key], value) for key, value in spnet.items() if key not in other)
    assert not any(weight.any() for weight in later.networks["unguided"].parameters())
    with pytest.raises(DataError, match="hold weights of segmenter; found unguided"):
        later.start_from(tmp_path / "pictures", ("segmenter",))


def test_a_stage_goes_on_from_weights_in_place_of_the_stage_before(tmp_path: Path, fabric: Fabric) -> None:
    recipe().export(tmp_path / "weights", STAGES)
    one = toy_settings(1, batch_size=2, stages=("sp-net",))
    with pytest.raises(UsageError, match="must come after segmenter; found no segmenter"):
        fit(partial(SPGNetRecipe, TINY), data(), one, tmp_path / "out", fabric)
    for text in (f"segmenter={tmp_path / 'weights'}", str(tmp_path / "weights")):
        settings = replace(one, start=(Start.parse(text),))
        fit(partial(SPGNetRecipe, TINY), data(), settings, tmp_path / f"from-{text[0]}", fabric)
        earlier, later = (
            SPGNet.from_pretrained(folder / "weights" / "spgnet").segmenter
            for folder in (tmp_path, tmp_path / f"from-{text[0]}")
        )
        assert earlier is not None
        assert later is not None
        assert all(torch.equal(a, b) for a, b in zip(earlier.parameters(), later.parameters(), strict=True))


def same_weights(one: SPGNetRecipe, other: SPGNetRecipe, *only: str) -> bool:
    names = only or ("segmenter", "sp-net", "sg-net", "unguided")
    states = [[made.networks[name].state_dict() for name in names] for made in (one, other)]
    return all(
        torch.equal(value, b[key]) for a, b in zip(*states, strict=True) for key, value in a.items() if "weight" in key
    )


def test_weights_of_other_classes_or_sizes_are_no_start(tmp_path: Path, fabric: Fabric) -> None:
    recipe().export(tmp_path / "weights", STAGES)
    with pytest.raises(DataError, match="ground, square"):
        SPGNetRecipe(TINY, DataFacts(("ground", "circle"), (32, 32))).start_from(tmp_path / "weights")
    with pytest.raises(DataError, match="found neither"):
        recipe().start_from(tmp_path)
    settings = toy_settings(1, batch_size=2, stages=STAGES, start=(Start(tmp_path / "weights"),))
    with pytest.raises(DataError, match="of another shape"):
        fit(partial(SPGNetRecipe, PRESETS["small"]), data(), settings, tmp_path / "out", fabric)


@pytest.mark.parametrize("name", STAGES)
def test_an_optimizer_updates_its_own_networks_and_no_others(name: str, tmp_path: Path, fabric: Fabric) -> None:
    made = recipe()
    stage = next(stage for stage in made.stages if stage.name == name)
    stage.after = ()
    moved = {network for spec in stage.optimizers for network in spec.networks}
    before = {key: {k: v.clone() for k, v in net.named_parameters()} for key, net in made.networks.items()}
    settings = toy_settings(1, batch_size=2, stages=(name,), average_decay=0.0)
    fit(lambda _: made, data(), settings, tmp_path, fabric)
    for key, network in made.networks.items():
        changed = any(not torch.equal(before[key][k], weight) for k, weight in network.named_parameters())
        assert changed == (key in moved), key


def stage_of(made: SPGNetRecipe, name: str) -> Stage:
    return next(stage for stage in made.stages if stage.name == name)


@pytest.mark.parametrize("name", ["sg-net", "unguided", "joint"])
def test_discriminators_of_composites_see_nothing_outside_the_hole(name: str) -> None:
    made, one = recipe(replace(ADVERSARIAL, hole_share=1.0)), batch()
    for network in made.networks.values():
        network.eval()  # the power iterations of spectral norm would change the second values
    stage = stage_of(made, name)
    outputs = stage.forward(one)
    elsewhere = {**outputs, "picture": torch.where(one.hole, outputs["picture"], 0.7)}
    inside = {**outputs, "picture": torch.where(one.hole, 0.7, outputs["picture"])}
    for spec in stage.optimizers:
        if spec.name == "label critic":
            continue
        terms, same, other = (stage.losses(spec.name, one, given) for given in (outputs, elsewhere, inside))
        for term in set(terms) - {"r1", "accuracy"}:
            assert torch.equal(terms[term], same[term]), term
            assert torch.equal(terms[term], other[term]) == term.startswith("label "), term


def test_the_terms_of_discriminators_rise_and_only_those_of_generators() -> None:
    for stage in recipe(ADVERSARIAL).stages:
        for spec in stage.optimizers:
            early = {name for name, weight in term_weights(spec, 0.5).items() if weight == 0}
            discriminator = "critic" in spec.name
            assert spec.logged == (("accuracy",) if discriminator else ())
            expected = (
                set() if discriminator else {t for t in spec.weights if t.split()[-1] in ("adversarial", "matching")}
            )
            assert early == expected
            assert term_weights(spec, 1.0) == spec.weights


def test_gradient_norms_are_those_of_the_weighted_terms_and_leave_no_trace() -> None:
    made, one = recipe(ADVERSARIAL), batch()
    for network in made.networks.values():
        network.eval().requires_grad_(False)
    before = {key: value.clone() for key, value in nn.ModuleDict(made.networks).state_dict().items()}
    stage = stage_of(made, "unguided")
    with torch.no_grad():
        norms = stage.diagnostics(one)
    painter = made.networks["unguided"]
    last = painter.get_parameter("generator.up.13.weight").requires_grad_(True)
    terms = stage.losses("unguided", one, stage.forward(one))
    for name, weight in stage.optimizers[0].weights.items():
        (gradient,) = torch.autograd.grad(weight * terms[name], last, retain_graph=True)
        torch.testing.assert_close(norms[f"gradient.{name}"], gradient.norm())
    last.requires_grad_(False)
    assert not any(weight.requires_grad for net in made.networks.values() for weight in net.parameters())
    after = nn.ModuleDict(made.networks).state_dict()
    assert all(torch.equal(before[key], value) for key, value in after.items())
    assert set(norms) == {f"gradient.{name}" for name in stage.optimizers[0].weights}


def test_an_adversarial_training_logs_accuracy_and_gradients(tmp_path: Path, fabric: Fabric) -> None:
    config = replace(ADVERSARIAL, upsampling="resize", skips=True)
    recipe().export(tmp_path, STAGES)
    settings = toy_settings(4, batch_size=2, stages=("sg-net",), check_every=2, log_every=2, start=(Start(tmp_path),))
    fit(partial(SPGNetRecipe, config), data(), settings, tmp_path / "out", fabric)
    names = {line["name"] for line in read_log(tmp_path / "out" / "log.csv")}
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    model = SPGNet.from_pretrained(tmp_path / "out" / "weights" / "spgnet")

    assert names >= {"picture critic.accuracy", "picture critic.r1", "gradient.adversarial", "gradient.l1"}
    assert [note.partition(": ")[2] for note in card["notes"] if "sg-net" in note] == [
        "kernels of up-convolutions turned from 'transposed' into 'resize' by least squares",
        "skip connections begin with weights of 0",
    ]
    assert (model.config.sgnet.upsampling, model.config.sgnet.skips) == ("resize", True)
    with pytest.raises(RunConflict, match=r"model.composited True where the command says False"):
        fit(partial(SPGNetRecipe, replace(config, composited=False)), data(), settings, tmp_path / "out", fabric)


def test_skip_connections_start_as_the_network_without_them(tmp_path: Path) -> None:
    plain, skipping = recipe(), recipe(replace(TINY, skips=True))
    plain.export(tmp_path, STAGES)
    skipping.start_from(tmp_path)
    with torch.no_grad():
        for name in ("sg-net", "unguided"):
            made = [stage_of(one, name).predict(batch()).image for one in (plain, skipping)]
            assert torch.equal(made[0], made[1])  # type: ignore[arg-type]  # pictures
    skipping.export(tmp_path, STAGES)
    with pytest.raises(ValueError, match="must be without skip connections"):
        plain.start_from(tmp_path)


def test_a_stage_whose_features_would_be_random_is_refused(tmp_path: Path, fabric: Fabric) -> None:
    recipe().export(tmp_path / "unguided only", ("unguided",))
    start = (Start(tmp_path / "unguided only"),)
    settings = toy_settings(1, batch_size=2, stages=("unguided",), start=start)
    with pytest.raises(DataError, match=r"'unguided'.* must hold segmenter; found no segmenter"):
        fit(partial(SPGNetRecipe, TINY), data(), settings, tmp_path / "out", fabric)
    assert not (tmp_path / "out").exists()


def test_converted_weights_are_not_written_untrained(tmp_path: Path) -> None:
    recipe().export(tmp_path, STAGES)
    later = recipe(replace(TINY, upsampling="resize"))
    later.start_from(tmp_path)
    with pytest.raises(DataError, match="'resize', unless stage sg-net trains it; found converted kernels"):
        later.check_start([stage_of(later, "sp-net")])
    for name in ("sg-net", "joint", "unguided"):
        later.check_start([stage_of(later, name)])


def test_a_preset_whose_features_are_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path))
    monkeypatch.setenv("SPGBENCH_OFFLINE", "1")
    with pytest.raises(WeightsMissing, match="alexnet"):
        recipe(replace(TINY, features="alexnet"))


@pytest.mark.parametrize("name", STAGES)
def test_no_loss_term_is_made_that_has_no_weight_and_none_is_left_out(name: str) -> None:
    for weights in ({"adversarial": 1.0, "matching": 0.0}, {"adversarial": 1.0, "matching": 2.0}):
        config = replace(
            TINY,
            label_weights={**TINY.label_weights, **weights},
            picture_weights={**TINY.picture_weights, **weights, "l1": 0.0},
        )
        made = recipe(config)
        stage = next(stage for stage in made.stages if stage.name == name)
        outputs = stage.forward(batch())
        for spec in stage.optimizers:
            assert set(stage.losses(spec.name, batch(), outputs)) == {*spec.weights, *spec.logged}


def test_a_hole_with_the_whole_share_is_all_that_the_l1_looks_at() -> None:
    made, one = recipe(replace(TINY, hole_share=1.0)), batch()
    stage = next(stage for stage in made.stages if stage.name == "unguided")
    picture = one.image * 0.5
    same_hole, other_hole = torch.where(one.hole, picture, 0.0), torch.where(one.hole, 0.0, picture)
    l1 = [float(stage.losses("unguided", one, {"picture": p})["l1"]) for p in (picture, same_hole, other_hole)]
    assert l1[0] == l1[1] != l1[2]


def test_what_is_in_the_hole_changes_no_guess() -> None:
    made, one = recipe(), batch()
    finalize(made)
    other = TrainingBatch(
        torch.where(one.hole, torch.rand_like(one.image), one.image),
        one.hole,
        None if one.labels is None else one.labels.masked_fill(one.hole[:, 0], VOID),
        one.ids,
    )
    with torch.no_grad():
        for stage in made.stages:
            output, again = stage.predict(one), stage.predict(other)
            for made_one, made_other in ((output.image, again.image), (output.labels, again.labels)):
                assert (made_one is None) == (made_other is None)
                assert made_one is None or made_other is None or torch.equal(made_one, made_other)


def test_true_guidance_says_under_which_labels_pictures_are_painted() -> None:
    pictures = {}
    for share in (0.0, 1.0):
        made = recipe(replace(TINY, true_guidance=share))
        finalize(made)
        stage = next(stage for stage in made.stages if stage.name == "sg-net")
        with torch.no_grad():
            pictures[share] = stage.forward(batch())["picture"]
            output = stage.predict(batch())
    assert torch.equal(pictures[1.0], output.extra["raw, true labels"])
    assert not torch.equal(pictures[0.0], pictures[1.0])


def test_switches_of_the_labels_reach_sp_net() -> None:
    classes = tuple("abcdefghijk")

    def parameters(config: SPGNetTraining) -> int:
        with torch.device("meta"):
            made = config.networks(classes)
            return sum(weight.numel() for net in (SPNet(made.spnet), SGNet(made.sgnet)) for weight in net.parameters())

    plain, larger = PRESETS["small-reconstruction"], PRESETS["small-labels-larger"]
    assert parameters(larger) == pytest.approx(parameters(plain), rel=0.02)
    assert larger.networks(classes).spnet.base_channels > plain.networks(classes).spnet.base_channels
    regularised = PRESETS["small-labels-regularised"].networks(classes)
    assert (regularised.spnet.dropout, regularised.sgnet.dropout) == (0.1, 0)
    assert PRESETS["small-labels-half-size"].networks(classes).spnet.downscale == 2
    smoothed = {}
    for smoothing in (0.0, 0.1):
        made = recipe(replace(TINY, label_smoothing=smoothing))
        finalize(made)
        labels = next(stage for stage in made.stages if stage.name == "sp-net")
        smoothed[smoothing] = labels.losses("sp-net", batch(), labels.forward(batch()))["cross_entropy"].item()
    assert smoothed[0.0] != smoothed[0.1]


def test_the_ablation_has_the_same_optimizers_and_budget() -> None:
    for config in PRESETS.values():
        assert config.shares["unguided"] == config.shares["sg-net"]
    stages = {stage.name: stage for stage in recipe().stages}
    assert stages["unguided"].optimizers[0].weights == stages["sg-net"].optimizers[0].weights
    parameters = {name: sum(w.numel() for w in net.parameters()) for name, net in recipe().networks.items()}
    assert parameters["unguided"] == parameters["sg-net"]


def test_the_paper_preset_is_pix2pixhds_where_the_paper_is_silent() -> None:
    paper = PRESETS["paper"]
    assert (paper.learning_rate, paper.betas, paper.adversarial) == (2e-4, (0.5, 0.999), "lsgan")
    assert (paper.label_weights["matching"], paper.picture_weights["matching"]) == (10, 10)
    assert (paper.critic.scales, paper.critic.layers, paper.critic.base_channels) == (3, 3, 64)


def test_the_perceptual_loss_takes_imagenet_features_where_they_are_at_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here: list[str] = []
    monkeypatch.setattr(bench.weights, "absence", lambda name: "" if name in here else "not here")
    assert PRESETS["paper"].resolved().features == "segmenter"
    for name in ("vgg19", "alexnet"):  # the later wins: it is the paper's
        here.append(name)
        assert PRESETS["paper"].resolved().features == name
    assert PRESETS["small"].resolved() is PRESETS["small"]


def test_a_single_picture_cannot_train_the_segmenter() -> None:
    with pytest.raises(UsageError, match="must hold two pictures or more; found 1"):
        recipe().stages[0].forward(batch(1))


def test_unlabelled_data_are_refused() -> None:
    with pytest.raises(DataError, match="must have label maps"):
        RECIPES.create("spgnet", config="small", data=DataFacts((), (32, 32)))


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(UnknownName, match="Did you mean small"):
        RECIPES.create("spgnet", config="smalls", data=DataFacts(CLASSES, (32, 32)))
