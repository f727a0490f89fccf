"""`spgbench train`: train the weights of a model."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import options
from bench.cli.console.session import session
from bench.cli.console.stopping import stoppable
from bench.runtime.device import resolve_device
from bench.training.data.processes import start_process_server

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from bench.vocabulary import Dataset

__all__ = ["train"]


class PrecisionChoice(StrEnum):
    """Precision of the computation."""

    full = "32"
    bfloat = "bf16-mixed"
    half = "16-mixed"


class DecodeChoice(StrEnum):
    """When pictures are decoded."""

    lazily = "lazily"
    ahead = "ahead"


def train(
    model: Annotated[str, typer.Argument(help="Recipe of the model to train, for example spgnet.")],
    *,
    dataset: Annotated[str, typer.Option(help="Data set; see `spgbench ls datasets`.")] = "streets",
    data_root: options.DataRoot = None,
    split: Annotated[str, typer.Option(help="Split to train on.")] = "train",
    split_list: options.SplitList = None,
    validation_split: Annotated[str, typer.Option(help="Split to validate on while training.")] = "val",
    limit: options.Limit = None,
    config: Annotated[str, typer.Option(help="Preset of the recipe, for example small or paper.")] = "small",
    stages: Annotated[str | None, typer.Option(help="Stages, separated by commas.", show_default=False)] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            parser=options.Bounds("--steps", int, 1), help="Length of the training in steps, over all stages."
        ),
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Length of the training in minutes, over all stages.")] = None,
    batch_size: Annotated[
        int, typer.Option(parser=options.Bounds("--batch-size", int, 1), help="Pictures in a step, over all processes.")
    ] = 8,
    size: Annotated[str, typer.Option(help="256 (square) or 256x512 (height x width).")] = "256",
    max_scale: Annotated[
        float,
        typer.Option(
            parser=options.Bounds("--max-scale", float, 1.0), help="Largest side of a crop, relative to --size."
        ),
    ] = 1.25,
    jitter: Annotated[
        float,
        typer.Option(
            parser=options.Bounds("--jitter", float, 0.0, 0.9),
            help="Largest relative change of brightness, contrast and colours, for example 0.3.",
        ),
    ] = 0,
    mix: Annotated[
        str | None,
        typer.Option(
            help="Second data set to train on, and its share of the pictures, for example streets:0.5.",
            show_default=False,
        ),
    ] = None,
    mix_limit: Annotated[
        int | None,
        typer.Option(parser=options.Bounds("--mix-limit", int, 1), help="Number of pictures of the second data set."),
    ] = None,
    protocol: Annotated[
        str,
        typer.Option(
            help="Mask protocol of the holes, or several, separated by commas: each picture gets one at random."
        ),
    ] = "spg-random",
    precision: Annotated[
        PrecisionChoice, typer.Option(help="float32, or mixed with bfloat16 or float16.")
    ] = PrecisionChoice.full,
    seed: Annotated[
        int,
        typer.Option(
            parser=options.Bounds("--seed", int, 0), help="Seed of initial weights, order, augmentation and holes."
        ),
    ] = 0,
    lr_scale: Annotated[
        float,
        typer.Option(
            "--lr-scale",
            "--rate",
            help="Factor of all learning rates, for example 0.25 to continue from trained weights.",
        ),
    ] = 1.0,
    device: options.Device = "auto",
    graph: Annotated[
        bool | None,
        typer.Option(
            "--graph/--no-graph",
            help="Capture the training step as a CUDA graph; by default on a GPU, where the recipe allows it.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            parser=options.Bounds("--workers", int, 0),
            help="Threads that make batches (for a GPU processes), and processes that decode; by default 2, for a GPU "
            "one a core, up to 8.",
            show_default=False,
        ),
    ] = None,
    decode: Annotated[
        DecodeChoice,
        typer.Option(help="When to decode pictures: at first use (lazily), or all before the training (ahead)."),
    ] = DecodeChoice.lazily,
    log_every: Annotated[
        int, typer.Option(parser=options.Bounds("--log-every", int, 1), help="Steps between lines of the log.")
    ] = 20,
    check_every: Annotated[
        int,
        typer.Option(
            parser=options.Bounds("--check-every", int, 1),
            help="Steps between validations, each with a sample grid and a checkpoint.",
        ),
    ] = 500,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume/--restart", help="Resume a training in the output folder, or delete it and start again."
        ),
    ] = True,
    start: Annotated[
        list[str] | None,
        typer.Option(
            help="Start from the folder weights/ of an earlier training; NETWORKS=FOLDER for some networks; repeatable."
        ),
    ] = None,
    out: options.Out = None,
) -> None:
    """Train a model: checkpoints, log.csv, tensorboard, sample grids, weights and card.json in the output folder.

    A training that was stopped resumes with the same command. Under torchrun it uses several devices.

    Example: spgbench train spgnet --dataset streets --size 128 --minutes 10 -o results/streets-small
    """
    on_gpu = resolve_device(device).startswith("cuda")
    workers = (min(8, os.cpu_count() or 1) if on_gpu else 2) if workers is None else workers
    if workers and (on_gpu or decode == DecodeChoice.ahead):
        start_process_server()  # imports take seconds, here and there

    from bench.data import parse_size
    from bench.training import RECIPES, Budget, Mixture, Settings, Start, fabric_for, fit, open_data

    budget = Budget(steps, minutes)
    settings = Settings(
        budget,
        batch_size=batch_size,
        seed=seed,
        precision=precision.value,
        lr_scale=lr_scale,
        start=tuple(Start.parse(text) for text in start or ()),
        stages=options.names(stages) or (),
        log_every=log_every,
        check_every=check_every,
        workers=workers,
        graph=graph,
    )
    folder = session.out = out or Path("results") / f"train-{model}-{dataset}"
    with stoppable("every finished step is kept") as stop:
        RECIPES.find(model)
        data = open_data(
            dataset,
            data_root,
            parse_size(size),
            protocol,
            split=split,
            split_list=split_list,
            validation_split=validation_split,
            limit=limit,
            max_scale=max_scale,
            jitter=jitter,
            mix=Mixture.parse(mix) if mix else None,
            mix_limit=mix_limit,
            cache_bytes=0 if decode == DecodeChoice.ahead else 4 << 30,
        )
        fabric = fabric_for(device, settings.precision)
        if decode == DecodeChoice.ahead:
            data = replace(data, train=_decoded(data.train, folder / ".decoded", workers, fabric))
        stop.patient = True
        weights = fit(
            lambda facts: RECIPES.create(model, config=config, data=facts),
            data,
            settings,
            folder,
            fabric,
            restart=not resume,
            progress=not session.quiet,
            should_stop=lambda: stop.wanted,
        )
        if fabric.is_global_zero:
            typer.echo(weights)


def _decoded(dataset: Dataset, folder: Path, workers: int, fabric: Fabric) -> Dataset:
    """Decode once on each machine; the other processes wait and then read the same files."""
    from bench.runtime.progress import progress_bar
    from bench.training import MixedDataset, decode_ahead

    if isinstance(dataset, MixedDataset):
        return dataset.map(lambda part: _decoded(part, folder, workers, fabric))

    def decode(*, shown: bool) -> Dataset:
        with progress_bar(len(dataset), "pictures", shown=shown) as advance:
            return decode_ahead(dataset, folder, workers, advance)

    first = decode(shown=fabric.is_global_zero and not session.quiet) if fabric.local_rank == 0 else None
    fabric.barrier()
    return first if first is not None else decode(shown=False)
