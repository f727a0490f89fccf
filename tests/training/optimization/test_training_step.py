from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from bench.training import DataFacts, Ramp, Recipe, TrainingBatch, fabric_for, fit, read_log
from bench.training.optimization import step_graph
from tests.support.gpu.training_speed import untrained
from tests.training.toys import Fool, Squares, Toy, toy_data, toy_settings


class Ramped(Toy):
    """The toy, whose adversarial terms take effect late."""

    def __init__(self, facts: DataFacts, *, dropout: float = 0.1) -> None:
        super().__init__(facts, dropout=dropout)
        for stage in self.stages:
            if isinstance(stage, Fool):
                filler, critic = stage.optimizers
                stage.optimizers = replace(filler, ramps={"fool": Ramp(0.2, 0.7)}), critic


def train(out: Path, fabric: Fabric, build: Any = Ramped, steps: int = 20, **changes: Any) -> dict[str, torch.Tensor]:
    """Train, resuming what stands in the folder; returns all weights."""
    recipes: list[Recipe] = []

    def keep(facts: DataFacts) -> Recipe:
        recipes.append(build(facts))
        return recipes[0]

    stop_after = changes.pop("stop_after", None)
    calls = iter(range(1, 1000))
    settings = toy_settings(steps, check_every=4, **changes)
    try:
        fit(keep, toy_data(), settings, out, fabric, should_stop=lambda: next(calls) == stop_after)
    except KeyboardInterrupt:
        assert stop_after
    networks = recipes[0].networks.items()
    return {f"{name}.{key}": value.cpu() for name, network in networks for key, value in network.state_dict().items()}


def logged(out: Path, name: str) -> list[float]:
    return [float(line["value"]) for line in read_log(out / "log.csv") if line["name"] == name]


def assert_close(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        torch.testing.assert_close(value, other[name], rtol=1e-4, atol=2e-6)


def same(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def test_a_captured_step_trains_what_a_called_one_does(
    tmp_path: Path, fabric: Fabric, caplog: pytest.LogCaptureFixture
) -> None:
    called, captured = train(tmp_path / "called", fabric), train(tmp_path / "captured", fabric, graph=True)
    assert_close(captured, called)
    for name in ("filler.l1", "filler.fool", "critic.judge", "val.psnr.hole"):
        assert logged(tmp_path / "captured", name) == pytest.approx(logged(tmp_path / "called", name), rel=1e-4)
    assert logged(tmp_path / "captured", "captured step") == [1.0, 1.0]  # both stages
    assert logged(tmp_path / "called", "captured step") == []
    told = caplog.text
    assert "stage 'adversarial' is trained without a CUDA graph: the CPU has none" in told


@pytest.mark.parametrize("stop_after", [2, 14])  # in the warm-up, and between two replays
def test_a_captured_training_resumes_to_the_same_bits(tmp_path: Path, fabric: Fabric, stop_after: int) -> None:
    whole = train(tmp_path / "whole", fabric, graph=True)
    train(tmp_path / "stopped", fabric, graph=True, stop_after=stop_after)
    assert same(train(tmp_path / "stopped", fabric, graph=True), whole)


@pytest.mark.parametrize("first", [False, True])
def test_a_training_goes_on_with_a_graph_or_without(tmp_path: Path, fabric: Fabric, first: bool) -> None:
    whole = train(tmp_path / "whole", fabric)
    train(tmp_path / "stopped", fabric, graph=first, stop_after=15)
    assert_close(train(tmp_path / "stopped", fabric, graph=not first), whole)


class Drawing(Ramped):
    """Its step draws from Python's generator, which a graph would not repeat."""

    def __init__(self, facts: DataFacts) -> None:
        super().__init__(facts)
        forward = self.stages[0].forward

        def scaled(batch: TrainingBatch) -> dict[str, torch.Tensor]:
            factor = 1 + random.random()  # noqa: S311 (no secret)
            return {name: value * factor for name, value in forward(batch).items()}

        self.stages[0].forward = scaled  # type: ignore[method-assign] # that is the point


def test_a_step_that_draws_numbers_on_the_host_is_called(
    tmp_path: Path, fabric: Fabric, caplog: pytest.LogCaptureFixture
) -> None:
    called, kept = (train(tmp_path / str(graph), fabric, Drawing, graph=graph) for graph in (False, True))
    assert_close(kept, called)
    assert logged(tmp_path / "True", "captured step") == [0.0, 1.0]
    assert "stage 'alone' is trained without a CUDA graph: its step draws random numbers" in caplog.text


def test_a_capture_that_fails_is_told_and_the_training_goes_on(
    tmp_path: Path, fabric: Fabric, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tmp_path / "whole", fabric)

    def fail(*_: object) -> None:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(step_graph.CalledGraph, "capture", fail)
    assert_close(train(tmp_path / "failed", fabric, graph=True), whole)
    assert logged(tmp_path / "failed", "captured step") == [0.0, 0.0]
    assert "its capture failed: CUDA error: operation not permitted when stream is capturing\n" in caplog.text


def test_a_stage_says_that_it_cannot_be_captured(
    tmp_path: Path, fabric: Fabric, caplog: pytest.LogCaptureFixture
) -> None:
    def build(facts: DataFacts) -> Recipe:
        recipe = Ramped(facts)
        recipe.stages[1].eager_reason = "it counts its steps"
        return recipe

    assert same(
        train(tmp_path / "asked", fabric, build, stages=("adversarial",), graph=True),
        train(tmp_path / "called", fabric, build, stages=("adversarial",)),
    )
    told = ["stage 'adversarial' is trained without a CUDA graph: it counts its steps"]
    assert caplog.messages == told


gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture
def gpu_fabric() -> Fabric:
    return fabric_for("cuda")


@gpu
@pytest.mark.filterwarnings("ignore:This instance was constructed with capturable")
def test_on_a_gpu_replays_give_the_numbers_of_calls(
    tmp_path: Path, gpu_fabric: Fabric, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    replayed = train(tmp_path / "replayed", gpu_fabric, graph=True)
    assert logged(tmp_path / "replayed", "captured step") == [1.0, 1.0]
    with monkeypatch.context() as patch:
        patch.setattr("bench.training.stage_run.step_graph", lambda _device: step_graph.CalledGraph())
        called = train(tmp_path / "called", gpu_fabric, graph=True)
    assert same(replayed, called)  # dropout included
    assert_close(replayed, train(tmp_path / "plain", gpu_fabric, graph=False))
    train(tmp_path / "stopped", gpu_fabric, graph=True, stop_after=15)
    assert same(train(tmp_path / "stopped", gpu_fabric, graph=True), replayed)


class Waiting(Ramped):
    """Its step waits for the GPU, where `how` says so."""

    def __init__(self, facts: DataFacts, how: str) -> None:
        super().__init__(facts)
        losses = self.stages[0].losses

        def wait(optimizer: str, batch: TrainingBatch, outputs: Any) -> Any:
            if how == "item":
                assert float(batch.image.max()) >= 0
            elif torch.cuda.is_current_stream_capturing():
                torch.cuda.synchronize()
            return losses(optimizer, batch, outputs)

        self.stages[0].losses = wait  # type: ignore[method-assign] # that is the point


@gpu
@pytest.mark.parametrize(
    ("how", "reason"), [("item", "its step waits for the GPU in"), ("whole", "its capture failed")]
)
def test_on_a_gpu_a_step_that_waits_is_called(
    how: str, reason: str, tmp_path: Path, gpu_fabric: Fabric, caplog: pytest.LogCaptureFixture
) -> None:
    weights = train(tmp_path / "waiting", gpu_fabric, lambda facts: Waiting(facts, how))
    assert reason in caplog.text
    assert logged(tmp_path / "waiting", "captured step") == [0.0, 1.0]  # the next stage is captured all the same
    assert_close(weights, train(tmp_path / "plain", gpu_fabric, graph=False))


@gpu
@pytest.mark.parametrize(("preset", "steps", "tolerance"), [("small", 5, 0.1), ("small-reconstruction", 8, 5e-3)])
def test_on_a_gpu_the_step_of_sg_net_is_captured(
    preset: str, steps: int, tolerance: float, tmp_path: Path, gpu_fabric: Fabric
) -> None:
    data = replace(toy_data(), train=Squares(6, side=80), validation=Squares(2, side=64), size=(64, 64))
    settings = toy_settings(steps, stages=("sg-net",), log_every=1, check_every=4)
    for graph in (False, True):
        build = partial(untrained, preset, "sg-net")
        fit(build, data, replace(settings, graph=graph), tmp_path / str(graph), gpu_fabric)
    assert logged(tmp_path / "True", "captured step") == [1.0]
    for name in {line["name"] for line in read_log(tmp_path / "True" / "log.csv") if "sg-net." in line["name"]}:
        # kernels that add in any order differ from call to call, and discriminators amplify it from step to step
        assert logged(tmp_path / "True", name) == pytest.approx(logged(tmp_path / "False", name), rel=tolerance)
