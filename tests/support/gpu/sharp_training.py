"""Trains generators against discriminators, several at once: `python -m tests.support.gpu.sharp_training OUT`.

Prints one line a training as it ends. What should last of a training (its generator in half precision, card, log, last
sheet) is packed into OUT/packs, in files of at most 15 MB. A training that is stopped resumes with the same command.
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
ABLATION = ("transposed", "skips", "plus", "none")
MIXED = 800  # drawn scenes beside CamVid's pictures
OPPONENTS = ("glcic", "partial-conv", "lama", "deepfill-v2")
LARGEST = 15_000_000  # bytes of a pack
_PARTS = {"sg-net": "sgnet.", "unguided": "sgnet.", "sp-net": "spnet."}


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        name: of its folder.
        recipe, config, stage: what is trained; a stage of `spgnet`, empty for other recipes.
        dataset: its pictures.
        seed: of order, augmentation, holes and discriminators.
        share: of the longest training's time.
        extra: further options of `spgbench train`.
    """

    name: str
    recipe: str
    config: str
    stage: str
    dataset: str
    seed: int = 0
    share: float = 1.0
    extra: tuple[str, ...] = ()


def jobs() -> list[Job]:
    """The trainings whose results stand in docs/explanation/spgnet-results.md."""
    kind, labels = "small-adversarial", "small-labels"
    seeds = [
        Job(f"streets-{row}-seed-{seed}", "spgnet", kind, stage, "streets", seed)
        for seed in range(3)
        for row, stage in (("spgnet", "sg-net"), ("unguided", "unguided"))
    ]
    ablation = [
        Job(f"streets-ablation-{what}", "spgnet", config, "sg-net", "streets", share=0.5)
        for what, config in (("resize", kind), *((what, f"{kind}-{what}") for what in ABLATION))
    ]
    opponents = [Job(f"streets-{recipe}", recipe, kind, "adversarial", "streets") for recipe in OPPONENTS]
    camvid = [
        Job(f"camvid-{row}-seed-0", "spgnet", kind, stage, "camvid", share=0.6)
        for row, stage in (("spgnet", "sg-net"), ("unguided", "unguided"))
    ]
    mixed = ("--mix", "streets:0.5", "--mix-limit", str(MIXED))
    on_labels = [
        Job(f"camvid-labels-{what}", "spgnet", config, "sp-net", "camvid", 0, 0.4, ("--lr-scale", "0.25", *extra))
        for what, config, extra in (
            ("plain", "small-reconstruction", ()),
            ("smoothed", f"{labels}-smoothed", ()),
            ("dropout", f"{labels}-dropout", ()),
            ("mixed", "small-reconstruction", mixed),
        )
    ]
    return [*seeds, *ablation, *opponents, *camvid, *on_labels]


def command(job: Job, out: Path, start: Path, data_root: Path | None, minutes: float, how: Sequence[str]) -> list[str]:
    """`spgbench train` for a job."""
    weights = start / (job.dataset if job.recipe == "spgnet" else f"{job.dataset}-{job.recipe}")
    options = {
        "--dataset": job.dataset,
        "--config": job.config,
        "--protocol": PROTOCOLS,
        "--seed": str(job.seed),
        "--minutes": f"{minutes * job.share:.3f}",
        "--start": str(weights),
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
        kept = {key: value for key, value in state.items() if key.startswith(_PARTS.get(stage, ""))}
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
    minutes: Annotated[float, typer.Option(help="Of the longest training.")] = 5.0,
    select: Annotated[str, typer.Option(help="Names of trainings that hold one of these parts.")] = "",
    data_root: Path | None = None,
    size: str = "256",
    batch_size: int = 32,
    limit: int | None = None,
    workers: int = 1,
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
    running: dict[str, subprocess.Popen[bytes]] = {}
    for job in wanted:
        (out / job.name).mkdir(exist_ok=True)
        if not (out / job.name / ".decoded").exists():
            (out / job.name / ".decoded").symlink_to((out / "decoded").resolve())
        with (out / f"{job.name}.txt").open("wb") as log:
            running[job.name] = subprocess.Popen(
                command(job, out, start, data_root, minutes, how),
                stdout=log,
                stderr=subprocess.STDOUT,
                env=child_environment(out) | {"OMP_NUM_THREADS": "1"},
            )
    begun = time.monotonic()
    done = []
    while running:
        if time.monotonic() - begun > stop_after:
            for process in running.values():
                process.kill()
        for name, process in list(running.items()):
            if process.poll() is not None:
                del running[name]
                done.append(name)
                tail = (out / f"{name}.txt").read_text(errors="replace").splitlines()[-1:]
                typer.echo(f"{time.monotonic() - begun:4.0f} s {name}: exit {process.returncode} {tail}")
        time.sleep(0.2)
    pack([job.name for job in wanted if job.name in done], out)


if __name__ == "__main__":
    typer.run(main)
