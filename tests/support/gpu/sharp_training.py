"""Trains generators against discriminators, several at once: `python -m tests.support.gpu.sharp_training OUT`.

Prints one line a training as it ends. What should last of a training (its generator in half precision, card, log, last
sheet) is packed into OUT/packs, in files of at most 13 MB. A training that is stopped resumes with the same command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors.torch import load_file, save_file

from bench.training import decode_ahead, open_data
from tests.support.gpu.children import child_environment

__all__ = ["Job", "jobs"]

PROTOCOLS = "freeform,random-rect,object@1,spg-random"  # object@1 needs no other pictures
ABLATION = ("transposed", "border", "skips", "plus", "none")
MIXED = 800  # drawn scenes beside CamVid's pictures
OPPONENTS = ("edge-connect", "glcic", "partial-conv", "lama", "deepfill-v2")
LARGEST = 13_350_000  # bytes of a pack
_PARTS = {"sg-net": ("sgnet.",), "unguided": ("sgnet.",), "sp-net": ("spnet.",), "joint": ("spnet.", "sgnet.")}


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        name: of its folder.
        recipe, config, stage: what is trained; a stage of `spgnet`, empty for other recipes.
        dataset: its pictures.
        steps: length; `--steps-scale` multiplies it.
        seed: of order, augmentation, holes and discriminators.
        extra: further options of `spgbench train`.
    """

    name: str
    recipe: str
    config: str
    stage: str
    dataset: str
    steps: int
    seed: int = 0
    extra: tuple[str, ...] = ()


def jobs() -> list[Job]:
    """The trainings whose results stand in docs/explanation/spgnet-results.md, the longest and most needed first."""
    opponents = [
        Job(f"streets-{recipe}", recipe, "small-adversarial", "adversarial", "streets", 800) for recipe in OPPONENTS
    ]
    return [*opponents[:1], *_seeded("streets", 800), *_seeded("camvid", 500), *opponents[1:], *_labels(), *_ablation()]


def _seeded(dataset: str, steps: int) -> list[Job]:
    """Guided and unguided trainings that differ in nothing but their seeds."""
    return [
        Job(f"{dataset}-{row}-seed-{seed}", "spgnet", "small-adversarial", stage, dataset, steps, seed)
        for seed in range(3)
        for row, stage in (("spgnet", "sg-net"), ("unguided", "unguided"))
    ]


def _labels() -> list[Job]:
    """SP-Net on CamVid, trained on with one switch each, or anew with another size; and the joint stage."""
    further = ("--lr-scale", "0.25")
    switches = {
        "plain": ("small-reconstruction", further),
        "smoothed": ("small-labels-smoothed", further),
        "dropout": ("small-labels-dropout", further),
        "half-size": ("small-labels-half-size", further),
        "jitter": ("small-reconstruction", (*further, "--jitter", "0.3")),
        "mixed": ("small-reconstruction", (*further, "--mix", "streets:0.5", "--mix-limit", str(MIXED))),
        "anew": ("small-reconstruction", ()),
        "anew-larger": ("small-labels-larger", ()),
    }
    trained = [
        Job(f"camvid-labels-{what}", "spgnet", config, "sp-net", "camvid", 300 if extra else 800, 0, extra)
        for what, (config, extra) in switches.items()
    ]
    return [*trained, Job("camvid-joint", "spgnet", "small-adversarial", "sg-net,joint", "camvid", 500, 0, further)]


def _ablation() -> list[Job]:
    """SG-Net on streets, with one part of the recipe changed each."""
    presets = {"resize": "small-adversarial", **{what: f"small-adversarial-{what}" for what in ABLATION}}
    return [
        Job(f"streets-ablation-{what}", "spgnet", preset, "sg-net", "streets", 300) for what, preset in presets.items()
    ]


def command(job: Job, out: Path, start: Path, data_root: Path | None, scale: float, how: Sequence[str]) -> list[str]:
    """`spgbench train` for a job."""
    weights = start / (job.dataset if job.recipe == "spgnet" else f"{job.dataset}-{job.recipe}")
    anew = "segmenter=" if "-anew" in job.name else ""
    options = {
        "--dataset": job.dataset,
        "--config": job.config,
        "--protocol": PROTOCOLS,
        "--seed": str(job.seed),
        "--steps": str(max(2, round(job.steps * scale))),
        "--start": f"{anew}{weights}",
        "--decode": "ahead",
        "--out": str(out / job.name),
    }
    options |= {"--stages": job.stage} if job.stage else {}
    options |= {"--data-root": str(data_root)} if job.dataset != "streets" else {}
    flat = [part for pair in options.items() for part in pair]
    return [sys.executable, "-m", "bench", "train", job.recipe, *flat, *how, *job.extra]


def decode(datasets: dict[str, int | None], out: Path, data_root: Path | None, size: str) -> None:
    """Decode so many pictures of each data set once; every training gets a link to the files."""
    from bench.data import parse_size

    for name, limit in datasets.items():
        root = None if name == "streets" else str(data_root)
        data = open_data(name, root, parse_size(size), PROTOCOLS, limit=limit, cache_bytes=0)
        workers = max(1, (os.cpu_count() or 1) - 2)
        begun = time.monotonic()
        decode_ahead(data.train, out / "decoded", workers, lambda _: None)
        typer.echo(f"{name}: {len(data.train)} pictures decoded in {time.monotonic() - begun:.0f} s")


def _begin(job: Job, out: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a training, with the decoded pictures at hand."""
    (out / job.name).mkdir(exist_ok=True)
    if not (out / job.name / ".decoded").exists():
        (out / job.name / ".decoded").symlink_to((out / "decoded").resolve())
    environment = child_environment(out) | {"OMP_NUM_THREADS": "1"}
    with (out / f"{job.name}.txt").open("wb") as log:
        return subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT, env=environment)


def pack(names: Sequence[str], out: Path) -> None:
    """Pack the results of the trainings."""
    files = [file for name in names for file in _results(out / name, out / "collected")]
    (out / "packs").mkdir(exist_ok=True)
    for number, group in enumerate(_groups(files)):
        with tarfile.open(out / "packs" / f"pack-{number}.tar", "w") as archive:
            for file in group:
                archive.add(file, file.name)


def _results(folder: Path, collected: Path) -> list[Path]:
    """Copies of what is packed of a training."""
    collected.mkdir(exist_ok=True)
    found = []
    for file in sorted((folder / "weights").glob("*.safetensors")):
        state = load_file(file)
        stage = json.loads((folder / "training.json").read_text())["stages"][-1]
        kept = {key: value for key, value in state.items() if key.startswith(_PARTS.get(stage, ("",)))}
        if kept:
            target = collected / f"{folder.name}.{file.stem}.safetensors"
            save_file({key: _halved(value) for key, value in kept.items()}, target)
            found.append(target)
    sheets = sorted((folder / "sheets").glob("*.png"))[-1:]
    texts = [folder / "weights" / "card.json", folder / "card.json", folder / "log.csv", folder / "training.json"]
    texts += sorted((folder / "weights").glob("*.json"))
    for file in dict.fromkeys([*texts, *sheets]):
        if file.exists():
            target = collected / f"{folder.name}.{file.name}"
            target.write_bytes(file.read_bytes())
            found.append(target)
    return found


def _halved(values: torch.Tensor) -> torch.Tensor:
    return values.half() if values.ndim > 1 else values


def _groups(files: Sequence[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    size = 0
    for file in files:
        if group and size + file.stat().st_size > LARGEST:
            yield group
            group, size = [], 0
        group.append(file)
        size += file.stat().st_size
    if group:
        yield group


def main(
    out: Path,
    start: Annotated[Path, typer.Option(help="Folder of start weights: streets/, camvid/, streets-glcic/ ...")],
    *,
    steps_scale: Annotated[float, typer.Option(help="Factor of the length of every training.")] = 1.0,
    select: Annotated[str, typer.Option(help="Names of trainings that hold one of these parts.")] = "",
    data_root: Path | None = None,
    size: str = "256",
    batch_size: int = 16,
    limit: int | None = None,
    workers: int = 1,
    at_once: Annotated[int, typer.Option(help="Trainings side by side; the next begins as one ends.")] = 18,
    device: str = "auto",
    precision: str = "bf16-mixed",
    stop_after: Annotated[float, typer.Option(help="Seconds after which trainings that still run are ended.")] = 3600,
) -> None:
    """Train, report, pack."""
    wanted = [job for job in jobs() if not select or any(part in job.name for part in select.split(","))]
    out.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, int | None] = {"streets": MIXED} if any("--mix" in job.extra for job in wanted) else {}
    decode(pictures, out, data_root, size)
    decode(dict.fromkeys((job.dataset for job in wanted), limit), out, data_root, size)
    how = ["--device", device, "--size", size, "--batch-size", str(batch_size), "--precision", precision]
    how += ["--workers", str(workers), "--check-every", "1000000", "--quiet"]
    how += ["--limit", str(limit)] if limit else []
    waiting, running, done = list(wanted), dict[str, subprocess.Popen[bytes]](), list[str]()
    begun = time.monotonic()
    while (waiting or running) and time.monotonic() - begun < stop_after:
        while waiting and len(running) < at_once:
            job = waiting.pop(0)
            running[job.name] = _begin(job, out, command(job, out, start, data_root, steps_scale, how))
        for name, process in list(running.items()):
            if process.poll() is not None:
                del running[name]
                done.append(name)
                tail = (out / f"{name}.txt").read_text(errors="replace").splitlines()[-1:]
                typer.echo(f"{time.monotonic() - begun:4.0f} s {name}: exit {process.returncode} {tail}")
        time.sleep(0.2)
    for name, process in running.items():
        process.kill()
        typer.echo(f"{name}: ended after {stop_after:.0f} s")
    pack([job.name for job in wanted if job.name in done], out)


if __name__ == "__main__":
    typer.run(main)
