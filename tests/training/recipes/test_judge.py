from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch.nn import functional

from bench.errors import DataError, UnknownName
from bench.segmentation.network import JudgeConfig, JudgeNetwork
from bench.training import RECIPES, DataFacts, TrainingData, fit
from bench.training.data.batches import BatchMaker, TrainingBatch
from bench.training.recipes.judge import PRESETS, JudgeRecipe, JudgeTraining, balanced_cross_entropy, build, jitter
from bench.vocabulary import VOID
from tests.training.toys import Squares, toy_data, toy_settings

CLASSES = ("ground", "square")


def data() -> TrainingData:
    return replace(toy_data(), train=Squares(8, side=40), validation=Squares(2, side=32), size=(32, 32))


def recipe(classes: tuple[str, ...] = CLASSES) -> JudgeRecipe:
    torch.manual_seed(0)
    return JudgeRecipe(PRESETS["small"], DataFacts(classes, (32, 32)))


def batch(size: int = 2) -> TrainingBatch:
    own = data()
    return TrainingBatch.on(torch.device("cpu"), BatchMaker(own.train, own.protocol, own.size, size, seed=0)(0))


def test_a_judge_is_trained_exported_and_read_again(tmp_path: Path, fabric: Fabric) -> None:
    made = recipe()

    fit(lambda _: made, data(), toy_settings(20, batch_size=4, check_every=100), tmp_path, fabric)

    card = json.loads((tmp_path / "card.json").read_text())
    assert set(card["stages"]["judge"]["validation"]) >= {"val.miou.hole", "val.miou.known"}
    assert card["stages"]["judge"]["losses"]["judge.cross_entropy"] < math.log(2)  # of a guess at random
    network = JudgeNetwork.read(tmp_path / "weights" / "judge")
    assert network.config.classes == CLASSES
    with torch.no_grad():
        trained, read = made.networks["judge"](batch().image), network(batch().image)
    torch.testing.assert_close(read, trained, atol=0.05, rtol=0.05)  # filters were rounded to half precision


def test_the_judge_is_trained_on_whole_pictures() -> None:
    made, one = recipe(), batch()
    made.networks["judge"].eval()
    other = replace(one, hole=~one.hole)

    with torch.no_grad():
        outputs = []
        for version in (one, other):
            torch.manual_seed(0)  # the same jitter
            outputs.append(made.stages[0].forward(version)["logits"])

    assert torch.equal(outputs[0], outputs[1])


def test_training_goes_on_from_another_judge_of_the_same_classes(tmp_path: Path) -> None:
    earlier, later = recipe(), recipe()
    for weight in earlier.networks["judge"].parameters():
        weight.data.mul_(0.5)
    earlier.export(tmp_path, ("judge",))

    later.start_from(tmp_path)

    for one, other in zip(later.networks["judge"].parameters(), earlier.networks["judge"].parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-3)
    with pytest.raises(DataError, match=r"weights in .* must be of .*'ground', 'square', 'sky'"):
        recipe((*CLASSES, "sky")).start_from(tmp_path)


def test_without_balance_the_loss_is_torchs() -> None:
    logits, labels = torch.randn(2, 3, 8, 8), torch.randint(0, 3, (2, 8, 8))
    labels[0, :4] = VOID

    assert balanced_cross_entropy(logits, labels, 0).item() == pytest.approx(
        functional.cross_entropy(logits, labels, ignore_index=VOID).item(), rel=1e-5
    )


def test_with_full_balance_every_class_weighs_the_same() -> None:
    logits, labels = torch.randn(2, 4, 8, 8), torch.zeros(2, 8, 8, dtype=torch.int64)
    labels[0, 0, :3], labels[1, 4:], labels[1, 0] = 1, 2, VOID  # class 3 is nowhere

    terms = functional.cross_entropy(logits, labels, ignore_index=VOID, reduction="none")
    means = [terms[labels == index].mean() for index in range(3)]

    assert balanced_cross_entropy(logits, labels, 1).item() == pytest.approx(torch.stack(means).mean().item(), rel=1e-5)


def test_a_batch_without_labels_costs_nothing() -> None:
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)

    loss = balanced_cross_entropy(logits, torch.full((1, 4, 4), VOID), 0.5)
    (gradient,) = torch.autograd.grad(loss, logits)

    assert loss.item() == 0
    assert not gradient.any()


def test_jitter_keeps_pictures_pictures_and_changes_each_in_its_own_way() -> None:
    image = torch.rand(3, 3, 1, 1).expand(3, 3, 16, 16)

    changed = jitter(image, 0.2)

    assert changed.min() >= 0
    assert changed.max() <= 1
    ratio = changed / image
    assert len({round(float(value), 6) for value in ratio[:, 0, 0, 0]}) == 3
    torch.testing.assert_close(jitter(image, 0.0), image)


@pytest.mark.parametrize("side", [32, 33, 50, 7])
def test_logits_are_as_large_as_the_picture(side: int) -> None:
    network = JudgeNetwork(JudgeConfig(CLASSES)).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, side, side + 5)).shape == (1, 2, side, side + 5)


def test_the_weights_are_small_enough_to_ship(tmp_path: Path) -> None:
    JudgeNetwork(JudgeConfig(CLASSES)).save(tmp_path / "judge")
    assert (tmp_path / "judge.safetensors").stat().st_size < 8 << 20


def test_what_cannot_be_trained_is_refused() -> None:
    assert isinstance(RECIPES.create("judge", config="small", data=DataFacts(CLASSES, (32, 32))), JudgeRecipe)
    with pytest.raises(DataError, match="must have label maps"):
        JudgeRecipe(JudgeTraining(), DataFacts((), (32, 32)))
    with pytest.raises(UnknownName, match="Did you mean small"):
        build("smalll", data=DataFacts(CLASSES, (32, 32)))
