"""How much of a training's time goes into its networks."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from bench.training import RECIPES, Budget, DataFacts, Recipe, Settings, TrainingData, fabric_for, fit, open_data
from bench.training.data.batches import BatchMaker, TrainingBatch
from bench.training.optimization.losses import weighted_sum

SIZE, BATCH, STEPS = (128, 128), 8, 18
STAGES = ("segmenter", "sp-net", "sg-net")


@pytest.fixture(scope="module")
def data() -> TrainingData:
    opened = open_data("streets", None, SIZE, limit=48, validation_limit=2)
    assert len(list(opened.train)) == 48  # drawn and kept, as after the first epoch
    return opened


def bare_rate(recipe: Recipe, data: TrainingData, stage_name: str) -> float:
    """Pictures a second of nothing but forward and backward passes, on one batch."""
    stage = next(stage for stage in recipe.stages if stage.name == stage_name)
    maker = BatchMaker(data.train, data.protocol, data.size, BATCH, seed=0)
    batch = TrainingBatch.on(torch.device("cpu"), maker(0))
    for name, network in recipe.networks.items():
        network.to(memory_format=torch.channels_last).train(any(name in spec.networks for spec in stage.optimizers))

    def step() -> None:
        outputs = None
        for spec in stage.optimizers:
            for name, network in recipe.networks.items():
                network.requires_grad_(name in spec.networks)
            outputs = stage.forward(batch) if outputs is None else outputs
            weighted_sum(spec, stage.losses(spec.name, batch, outputs), spec.weights).backward()  # type: ignore[no-untyped-call] # torch
            outputs = {name: value.detach() for name, value in outputs.items()}

    step()
    start = time.perf_counter()
    for _ in range(STEPS // 3):
        step()
    return STEPS // 3 * BATCH / (time.perf_counter() - start)


@pytest.mark.benchmark(group="training")
def test_the_trainer_costs_little_beside_the_networks(
    benchmark: BenchmarkFixture, data: TrainingData, tmp_path: Path
) -> None:
    build = partial(RECIPES.create, "spgnet", config="small")
    torch.manual_seed(0)
    recipe = build(data=DataFacts(data.train.classes, SIZE))
    bare = {stage: bare_rate(recipe, data, stage) for stage in STAGES}
    settings = Settings(
        Budget(steps=3 * STEPS), batch_size=BATCH, stages=STAGES, log_every=6, check_every=1000, workers=1
    )

    def train() -> None:
        fit(lambda facts: build(data=facts), data, settings, tmp_path / "out", fabric_for("cpu"), restart=True)

    benchmark.pedantic(train, rounds=1)  # type: ignore[no-untyped-call] # the library ships no types
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    shares = {stage: card["stages"][stage]["pictures per second"] / rate for stage, rate in bare.items()}
    benchmark.extra_info |= {f"{stage}: share of the limit": round(share, 3) for stage, share in shares.items()}
    assert min(shares.values()) >= 0.8
