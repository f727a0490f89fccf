from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from PIL import Image
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]  # tensorboard ships no types

from bench.errors import DataError, Failure, RunConflict, UnknownName, UsageError
from bench.training import Budget, DataFacts, Recipe, Start, TrainingBatch, fabric_for, fit, read_log
from bench.training.data.batches import BatchMaker
from bench.training.optimization.parallel import seed_step
from tests.training.processes import run_apart
from tests.training.toys import Fill, Toy, toy_data, toy_settings


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "weights" / "filler.safetensors")


def equal(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def logged(out: Path) -> list[tuple[str, ...]]:
    """All that does not depend on the clock."""
    lines = read_log(out / "log.csv")
    return [
        (line["step"], line["stage"], line["stage_step"], line["name"], line["value"])
        for line in lines
        if "pictures per second" not in line["name"] and "waiting" not in line["name"]
    ]


def values(out: Path, stage: str, name: str) -> list[float]:
    lines = read_log(out / "log.csv")
    return [float(line["value"]) for line in lines if (line["stage"], line["name"]) == (stage, name)]


def test_training_writes_all_that_it_promises(tmp_path: Path, fabric: Fabric) -> None:
    assert fit(Toy, toy_data(), toy_settings(), tmp_path, fabric) == tmp_path / "weights"
    card = json.loads((tmp_path / "card.json").read_text())
    assert {name: stage["steps"] for name, stage in card["stages"].items()} == {"alone": 6, "adversarial": 6}
    assert card["training"]["data"]["revision"] == "10-20-True"
    assert set(card["stages"]["adversarial"]["losses"]) == {"filler.l1", "filler.fool", "critic.judge"}
    assert card["stages"]["alone"]["validation"]["val.psnr.hole"] > 0
    assert card["stages"]["alone"]["pictures per second"] > 0
    with Image.open(tmp_path / "sheets" / "alone-00000003.png") as sheet:
        assert sheet.width > 4 * 96
    board = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in board.Scalars("adversarial/critic.judge")] == [8, 9, 10, 12]


def test_validation_has_the_same_holes_whatever_the_seed(tmp_path: Path, fabric: Fabric) -> None:
    incomplete, made = [], []
    for seed in (0, 7):
        out = tmp_path / str(seed)
        fit(Toy, toy_data(), toy_settings(3, stages=("alone",), seed=seed), out, fabric)
        with Image.open(out / "sheets" / "alone-00000003.png") as sheet:
            first_column = sheet.width // 5  # then true labels, raw, composite, truth
            incomplete.append(np.asarray(sheet.crop((0, 0, first_column - 8, sheet.height))))
            made.append(np.asarray(sheet))
    np.testing.assert_array_equal(incomplete[0], incomplete[1])
    assert not np.array_equal(made[0], made[1])


def test_a_start_is_part_of_what_a_training_is(tmp_path: Path, fabric: Fabric) -> None:
    fit(Toy, toy_data(), toy_settings(), tmp_path / "first", fabric)
    started = toy_settings(start=(Start(tmp_path / "first" / "weights"),))
    with pytest.raises(RunConflict, match=r"start \[\] where the command says"):
        fit(Toy, toy_data(), started, tmp_path / "first", fabric)
    with pytest.raises(UsageError, match="be able to start from weights"):
        fit(Toy, toy_data(), started, tmp_path / "second", fabric)
    with pytest.raises(UsageError, match="hold weights to start from"):
        fit(Toy, toy_data(), toy_settings(start=(Start(tmp_path),)), tmp_path / "second", fabric)
    with pytest.raises(UnknownName, match="Did you mean filler"):
        fit(
            Toy,
            toy_data(),
            toy_settings(start=(Start.parse(f"fillers={tmp_path / 'first' / 'weights'}"),)),
            tmp_path / "second",
            fabric,
        )


def test_same_seed_same_weights_and_another_seed_others(tmp_path: Path, fabric: Fabric) -> None:
    for name, settings in (("a", toy_settings()), ("b", toy_settings(workers=2)), ("c", toy_settings(seed=1))):
        fit(Toy, toy_data(), settings, tmp_path / name, fabric)
    assert equal(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert logged(tmp_path / "a") == logged(tmp_path / "b")
    assert not equal(weights(tmp_path / "a"), weights(tmp_path / "c"))


def test_looking_at_the_training_does_not_change_it(tmp_path: Path, fabric: Fabric) -> None:
    fit(Toy, toy_data(), toy_settings(), tmp_path / "often", fabric)
    fit(Toy, toy_data(), toy_settings(log_every=100, check_every=100), tmp_path / "seldom", fabric)
    assert equal(weights(tmp_path / "often"), weights(tmp_path / "seldom"))


class Dying(Toy):
    """Kills its process at a step of a stage, as a power cut would."""

    def __init__(self, facts: DataFacts, *, stage: int, step: int) -> None:
        super().__init__(facts)
        calls = iter(range(1, 1000))
        forward = self.stages[stage].forward

        def mortal(batch: TrainingBatch) -> dict[str, torch.Tensor]:
            if torch.is_grad_enabled() and next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return dict(forward(batch))

        self.stages[stage].forward = mortal  # type: ignore[method-assign] # that is the point


def train_and_die(out: Path, stage: int, step: int) -> None:
    torch.set_num_threads(1)
    fit(partial(Dying, stage=stage, step=step), toy_data(), toy_settings(), out, fabric_for("cpu"))


@pytest.mark.parametrize(("stage", "step"), [(0, 2), (1, 5)])
def test_a_killed_training_resumes_to_the_same_bits(tmp_path: Path, fabric: Fabric, stage: int, step: int) -> None:
    [code] = run_apart(train_and_die, [(tmp_path / "killed", stage, step)])
    assert code == -signal.SIGKILL
    assert not (tmp_path / "killed" / "card.json").exists()
    fit(Toy, toy_data(), toy_settings(), tmp_path / "killed", fabric)
    fit(Toy, toy_data(), toy_settings(), tmp_path / "whole", fabric)
    assert equal(weights(tmp_path / "killed"), weights(tmp_path / "whole"))
    assert logged(tmp_path / "killed") == logged(tmp_path / "whole")


@pytest.mark.parametrize("step", [1, 7])
def test_a_stopped_training_resumes_to_the_same_bits(tmp_path: Path, fabric: Fabric, step: int) -> None:
    steps = iter(range(1, 1000))

    with pytest.raises(KeyboardInterrupt):
        fit(Toy, toy_data(), toy_settings(), tmp_path / "out", fabric, should_stop=lambda: next(steps) == step)
    (last, *_) = sorted((tmp_path / "out" / "checkpoints").glob("*.pt"), reverse=True)
    fit(Toy, toy_data(), toy_settings(), tmp_path / "out", fabric)
    fit(Toy, toy_data(), toy_settings(save_seconds=0), tmp_path / "saved", fabric)
    fit(Toy, toy_data(), toy_settings(), tmp_path / "whole", fabric)

    assert last.name == f"step-{step:08d}.pt"
    assert equal(weights(tmp_path / "out"), weights(tmp_path / "whole"))
    assert equal(weights(tmp_path / "saved"), weights(tmp_path / "whole"))


def test_a_finished_training_is_not_trained_again(tmp_path: Path, fabric: Fabric) -> None:
    fit(Toy, toy_data(), toy_settings(), tmp_path, fabric)
    before, log = weights(tmp_path), (tmp_path / "log.csv").read_bytes()
    fit(Toy, toy_data(), toy_settings(), tmp_path, fabric)
    assert equal(before, weights(tmp_path))
    assert (tmp_path / "log.csv").read_bytes() == log


def test_restart_begins_anew(tmp_path: Path, fabric: Fabric) -> None:
    fit(Toy, toy_data(), toy_settings(seed=1), tmp_path, fabric)
    fit(Toy, toy_data(), toy_settings(2), tmp_path, fabric, restart=True)
    assert json.loads((tmp_path / "card.json").read_text())["steps"] == 2
    assert {line["step"] for line in read_log(tmp_path / "log.csv")} == {"1", "2"}
    assert len(list((tmp_path / "sheets").iterdir())) == 2


def test_other_settings_in_the_same_folder_are_named(tmp_path: Path, fabric: Fabric) -> None:
    fit(Toy, toy_data(), toy_settings(2), tmp_path, fabric)
    with pytest.raises(RunConflict, match=r"model.rate 0.01 where the command says 0.02, seed 0 where .* 5"):
        fit(partial(Toy, rate=0.02), toy_data(), toy_settings(2, seed=5), tmp_path, fabric)
    with pytest.raises(RunConflict, match=r"data.protocol 'spg-random@1' where the command says 'random-rect@1'"):
        fit(Toy, toy_data(protocol="random-rect"), toy_settings(2), tmp_path, fabric)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, fabric: Fabric) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunConflict, match="must be empty or hold a training"):
        fit(Toy, toy_data(), toy_settings(2), tmp_path, fabric, restart=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_loss_falls_and_pictures_get_better(tmp_path: Path, fabric: Fabric) -> None:
    settings = toy_settings(120, log_every=10, check_every=60, stages=("alone",), average_decay=0.5)
    fit(Toy, toy_data(), settings, tmp_path, fabric)
    losses, psnr = values(tmp_path, "alone", "filler.l1"), values(tmp_path, "alone", "val.psnr.hole")
    assert losses[-1] < 0.6 * losses[0]
    assert psnr[-1] > 8


def test_a_budget_of_minutes_ends_in_time_and_lowers_the_rate_by_the_clock(tmp_path: Path, fabric: Fabric) -> None:
    settings = toy_settings(budget=Budget(minutes=1.5 / 60), check_every=10_000)
    fit(Toy, toy_data(), settings, tmp_path, fabric)
    card = json.loads((tmp_path / "card.json").read_text())
    assert 1.4 / 60 < card["minutes"] < 6 / 60
    assert all(stage["steps"] > 1 for stage in card["stages"].values())


def test_mixed_precision_trains(tmp_path: Path) -> None:
    settings = toy_settings(60, precision="bf16-mixed", stages=("alone",), log_every=10, check_every=60)
    fit(Toy, toy_data(), settings, tmp_path, fabric_for("cpu", "bf16-mixed"))
    losses = values(tmp_path, "alone", "filler.l1")
    assert losses[-1] < losses[0]


def test_half_precision_resumes_with_its_loss_scale(tmp_path: Path) -> None:
    def half() -> Fabric:
        made = Fabric(accelerator="cpu", devices=1, plugins=[MixedPrecision("16-mixed", "cpu")])
        made.launch()
        return made

    with pytest.raises(Failure):
        fit(partial(Exploding, step=4), toy_data(), toy_settings(precision="16-mixed"), tmp_path / "stopped", half())
    for name in ("stopped", "whole"):
        fit(Toy, toy_data(), toy_settings(precision="16-mixed"), tmp_path / name, half())
    assert equal(weights(tmp_path / "stopped"), weights(tmp_path / "whole"))


def test_half_precision_on_the_cpu_is_refused() -> None:
    with pytest.raises(UsageError, match="'16-mixed' must be on a GPU"):
        fabric_for("cpu", "16-mixed")


def test_a_tiny_clip_stops_all_but_the_size_of_adams_steps(tmp_path: Path, fabric: Fabric) -> None:
    fit(Toy, toy_data(), toy_settings(stages=("alone",), clip=1e-20), tmp_path, fabric)
    seed_step(0, "build")
    start = Toy(DataFacts(("ground", "square"), (16, 16))).networks["filler"].state_dict()
    for name, weight in weights(tmp_path).items():  # Adam divides by the gradient's size plus 1e-8
        torch.testing.assert_close(weight, start[name], rtol=0, atol=1e-6)


class Exploding(Toy):
    """The critic's loss is not finite from a step on; everything after it follows."""

    def __init__(self, facts: DataFacts, *, step: int) -> None:
        super().__init__(facts)
        calls = iter(range(1, 1000))
        losses = self.stages[1].losses

        def explosive(
            optimizer: str, batch: TrainingBatch, outputs: Mapping[str, torch.Tensor]
        ) -> Mapping[str, torch.Tensor]:
            terms = losses(optimizer, batch, outputs)
            broken = optimizer == "critic" and next(calls) == step
            return {name: term * torch.nan for name, term in terms.items()} if broken else terms

        self.stages[1].losses = explosive  # type: ignore[method-assign] # that is the point


def test_a_loss_that_is_not_finite_stops_the_training_and_is_named(tmp_path: Path, fabric: Fabric) -> None:
    settings = toy_settings(40, check_every=3, log_every=100)
    with pytest.raises(Failure, match=r"loss term 'critic.judge' .* stage 'adversarial' .*step-00000023\.pt"):
        fit(partial(Exploding, step=5), toy_data(), settings, tmp_path, fabric)
    fit(Toy, toy_data(), settings, tmp_path, fabric)
    fit(Toy, toy_data(), settings, tmp_path / "whole", fabric)
    assert equal(weights(tmp_path), weights(tmp_path / "whole"))


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(DataError, match="training split of data set 'squares' must hold at least one picture"):
        toy_data(0)


def test_a_recipe_that_needs_labels_refuses_data_without(tmp_path: Path, fabric: Fabric) -> None:
    with pytest.raises(DataError, match="must have a label map"):
        fit(partial(Toy, needs_labels=True), toy_data(labelled=False), toy_settings(), tmp_path / "a", fabric)
    fit(Toy, toy_data(labelled=False), toy_settings(2), tmp_path / "b", fabric)


def test_stages_are_chosen_by_name(tmp_path: Path, fabric: Fabric) -> None:
    fit(Toy, toy_data(), toy_settings(4, stages=("extra", "alone")), tmp_path, fabric)
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["training"]["stages"] == ["alone", "extra"]
    assert {name: stage["steps"] for name, stage in card["stages"].items()} == {"alone": 3, "extra": 1}
    with pytest.raises(UnknownName, match="Did you mean alone"):
        fit(Toy, toy_data(), toy_settings(4, stages=("alon",)), tmp_path / "other", fabric)


def test_a_stage_that_builds_on_another_asks_for_it(tmp_path: Path, fabric: Fabric) -> None:
    def build(facts: DataFacts) -> Recipe:
        recipe = Toy(facts)
        assert isinstance(recipe.stages[1], Fill)
        recipe.stages[1].after = ("alone",)
        return recipe

    with pytest.raises(UsageError, match="'adversarial' of recipe 'toy' must come after alone"):
        fit(build, toy_data(), toy_settings(stages=("adversarial",)), tmp_path, fabric)


def test_terms_without_a_weight_are_refused(tmp_path: Path, fabric: Fabric) -> None:
    class Surprising(Toy):
        def __init__(self, facts: DataFacts) -> None:
            super().__init__(facts)
            losses = self.stages[0].losses
            self.stages[0].losses = lambda *arguments: {**losses(*arguments), "extra": torch.zeros(())}  # type: ignore[method-assign]

    with pytest.raises(Failure, match="loss terms of optimizer 'filler' must be l1; found extra, l1"):
        fit(Surprising, toy_data(), toy_settings(), tmp_path, fabric)


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_a_factor_of_the_rates_that_is_not_above_zero_is_refused(factor: float) -> None:
    with pytest.raises(UsageError, match="factor of the learning rates must be above zero and finite"):
        toy_settings(lr_scale=factor)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UsageError, match="device 'abacus' must be auto, cpu, cuda or cuda:1"):
        fabric_for("abacus")


@pytest.mark.parametrize("factor", [1.0, 0.25])
def test_a_stage_is_plain_adam_with_linear_decay_clipping_and_an_average(
    factor: float, tmp_path: Path, fabric: Fabric
) -> None:
    steps, rate, clip, data = 8, 1e-2 * factor, 0.3, toy_data()
    settings = toy_settings(steps, stages=("alone",), clip=clip, average_decay=0.6, constant=0.25, lr_scale=factor)
    fit(partial(Toy, dropout=0.0), data, settings, tmp_path, fabric)

    seed_step(0, "build")
    toy = Toy(DataFacts(("ground", "square"), (16, 16)), dropout=0.0)
    filler, stage = toy.networks["filler"], toy.stages[0]
    average = {name: weight.detach().clone() for name, weight in filler.named_parameters()}
    adam = torch.optim.Adam(filler.parameters(), lr=rate, betas=(0.5, 0.999))
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: min(1.0, (1 - step / steps) / 0.75))
    make = BatchMaker(data.train, data.protocol, data.size, 4, seed=0, stage="alone")
    for step in range(steps):
        batch = TrainingBatch.on(torch.device("cpu"), make(step))
        adam.zero_grad()
        torch.autograd.backward(stage.losses("filler", batch, stage.forward(batch))["l1"])
        torch.nn.utils.clip_grad_norm_(filler.parameters(), clip)
        adam.step()
        schedule.step()
        decay = min(0.6, (2 + step) / (11 + step))
        for name, weight in filler.named_parameters():
            average[name] = decay * average[name] + (1 - decay) * weight.detach()
    for name, value in weights(tmp_path).items():
        torch.testing.assert_close(value, average[name], rtol=1e-5, atol=1e-7)
