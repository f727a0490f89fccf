"""How fast a stage of SPG-Net is trained with a graph and without: `python -m tests.support.gpu.training_speed`.

For each preset it first prints how far the loss terms of eight steps in float32 lie from those of the same steps
without a graph, beside the same for two trainings without: kernels add in any order, and discriminators amplify it.
Then, for each batch size and mode: pictures a second and the share of the time that waits for data (medians over the
lines of the log after the first), seconds to the first line of the log, and memory. The networks are untrained and the
pictures simple: time does not depend on them. On a CPU take `--sizes 64 --batches 2 --steps 8 --log-every 2`.
"""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from lightning_fabric import Fabric

import bench.masks
from bench.training import (
    RECIPES,
    Budget,
    DataFacts,
    Recipe,
    Settings,
    TrainingData,
    decode_ahead,
    fabric_for,
    fit,
    read_log,
)
from bench.training.optimization.parallel import TrainingPrecision
from tests.training.toys import Squares

PICTURES = 64
MODES = {"called": False, "graph": True}


@dataclass
class Run:
    """What one training has logged."""

    rate: float = math.nan
    waiting: float = math.nan
    first: float = math.nan
    captured: bool = False
    losses: dict[tuple[str, str], float] = field(default_factory=dict)  # by stage step and name


def untrained(preset: str, stage_name: str, facts: DataFacts) -> Recipe:
    """The recipe, whose stage does not ask for those before."""
    recipe = RECIPES.create("spgnet", config=preset, data=facts)
    for stage in recipe.stages:
        if stage.name == stage_name:
            stage.after = ()
    return recipe


def open_pictures(size: int, folder: Path, workers: int) -> TrainingData:
    """Simple pictures, decoded ahead, with eleven class names as CamVid has."""
    train, validation = Squares(PICTURES, side=round(size * 1.25)), Squares(2, side=size)
    for data in (train, validation):
        data.classes = tuple(map(str, range(11)))  # type: ignore[assignment] # two in other uses
    decoded = decode_ahead(train, folder, workers, lambda _count: None)
    return TrainingData(decoded, validation, bench.masks.get("random-rect"), (size, size))


def run(preset: str, stage: str, data: TrainingData, settings: Settings, fabric: Fabric) -> Run:
    """Train for the steps of the settings and read the log."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        fit(lambda facts: untrained(preset, stage, facts), data, settings, out, fabric)
        lines = read_log(out / "log.csv")
    values = defaultdict(list)
    for line in lines:
        values[line["name"]].append(float(line["value"]))
    rates = values["pictures per second"]
    return Run(
        rate=statistics.median(rates[1:] or rates),
        waiting=statistics.median(values["share of time waiting for data"][1:] or [math.nan]),
        first=settings.log_every * settings.batch_size / rates[0],
        captured=values["captured step"] == [1.0],
        losses={
            (line["stage_step"], line["name"]): float(line["value"])
            for line in lines
            if "." in line["name"] and not line["name"].startswith("val.")
        },
    )


def differences(one: Run, other: Run) -> str:
    """The largest relative difference of loss terms in each line of the log."""
    steps: dict[str, float] = defaultdict(float)
    for (step, name), value in one.losses.items():
        steps[step] = max(steps[step], abs(value - other.losses[step, name]) / max(abs(value), 1e-12))
    return " ".join(f"{value:.0e}" for value in steps.values())


def check(preset: str, stage: str, data: TrainingData, settings: Settings, device: str) -> int:
    """Print how far eight steps with a graph lie from those without; returns 1 if they were not captured, else 0."""
    fabric = fabric_for(device, "32")
    short = replace(settings, budget=Budget(steps=8), batch_size=2, log_every=1, precision="32", workers=1)
    try:
        called, again, graph = (
            run(preset, stage, data, replace(short, graph=graph), fabric) for graph in (False, False, True)
        )
    except Exception:  # noqa: BLE001 (the speeds are wanted all the same)
        print(f"{preset} in eight steps: FAILED\n{traceback.format_exc()}", flush=True)  # noqa: T201
        return 1
    print(f"{preset}, largest relative difference of loss terms, step by step:", flush=True)  # noqa: T201
    print(f"    two trainings without a graph   {differences(called, again)}")  # noqa: T201
    print(f"    with a graph (from step 4) and without   {differences(called, graph)}", flush=True)  # noqa: T201
    return 0 if graph.captured else 1


def main(
    *,
    presets: Annotated[str, typer.Option(help="Of spgnet, separated by commas.")] = "small",
    stage: Annotated[str, typer.Option(help="That is trained.")] = "sg-net",
    sizes: Annotated[str, typer.Option(help="Sides of the pictures.")] = "256",
    batches: Annotated[str, typer.Option(help="Batch sizes.")] = "16,32",
    steps: Annotated[int, typer.Option(help="Of each training.")] = 60,
    log_every: Annotated[int, typer.Option(help="Steps between lines of the log.")] = 10,
    precision: Annotated[str, typer.Option(help="32 or bf16-mixed.")] = "bf16-mixed",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    workers: Annotated[int, typer.Option(help="Processes that make batches.")] = 6,
) -> None:
    """Train with a graph and without, and print what each costs."""
    kind: TrainingPrecision = "32" if precision == "32" else "bf16-mixed"
    fabric = fabric_for(device, kind)
    on_gpu = fabric.device.type == "cuda"
    name = torch.cuda.get_device_name(fabric.device) if on_gpu else "CPU"
    print(f"{name}, torch {torch.__version__}, {kind}, stage {stage}, {workers} workers", flush=True)  # noqa: T201
    begin, failed = time.perf_counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        for size in map(int, sizes.split(",")):
            data = open_pictures(size, Path(folder) / str(size), workers)
            for preset in presets.split(","):
                failed += check(preset, stage, data, Settings(Budget(steps=8), stages=(stage,)), device)
                for batch in map(int, batches.split(",")):
                    settings = Settings(
                        Budget(steps=steps),
                        batch_size=batch,
                        precision=kind,
                        stages=(stage,),
                        log_every=log_every,
                        check_every=10**6,
                        workers=workers,
                    )
                    failed += compare(preset, stage, data, settings, fabric)
    print(f"{time.perf_counter() - begin:.0f} s in all, {failed} failed")  # noqa: T201
    sys.exit(1 if failed else 0)


def compare(preset: str, stage: str, data: TrainingData, settings: Settings, fabric: Fabric) -> int:
    """Print a line for each mode and their difference; returns how many modes failed."""
    runs: dict[str, Run] = {}
    on_gpu = fabric.device.type == "cuda"
    for mode, graph in MODES.items():
        if on_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(fabric.device)
        try:
            made = runs[mode] = run(preset, stage, data, replace(settings, graph=graph), fabric)
        except Exception:  # noqa: BLE001 (the other lines are wanted all the same)
            print(f"{preset} {mode}: FAILED\n{traceback.format_exc()}", flush=True)  # noqa: T201
            continue
        memory = f", {torch.cuda.max_memory_reserved(fabric.device) / 2**30:.1f} GiB" if on_gpu else ""
        note = "" if made.captured == graph else ", NOT CAPTURED"
        print(  # noqa: T201
            f"{preset} {data.size[0]}x{data.size[1]} batch {settings.batch_size:2} {mode:6}: "
            f"{made.rate:7.1f} pictures/s, "
            f"{1000 * settings.batch_size / made.rate:6.1f} ms a step, {made.waiting:.1%} waiting for data, "
            f"first {settings.log_every} steps {made.first:.1f} s{memory}{note}",
            flush=True,
        )
    if len(runs) == len(MODES):
        print(f"    {runs['graph'].rate / runs['called'].rate:.2f} times as fast", flush=True)  # noqa: T201
    return len(MODES) - len(runs)


if __name__ == "__main__":
    typer.run(main)
