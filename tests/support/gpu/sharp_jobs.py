"""The trainings whose results stand in docs/explanation/spgnet-results.md, and their commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.training import Start

__all__ = ["MIXED", "PROTOCOLS", "Job", "command", "jobs", "start_of"]

PROTOCOLS = "freeform,random-rect,object@1,spg-random"  # object@1 needs no other pictures
ABLATION = ("transposed", "bilinear", "border", "skips", "plus", "none")
MIXED = 800  # drawn scenes beside CamVid's pictures
OPPONENTS = ("edge-connect", "glcic", "partial-conv", "lama", "deepfill-v2")


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
        Job(f"{dataset}-{row}-seed-{seed}", "spgnet", "small-adversarial-bilinear", stage, dataset, steps, seed)
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


def start_of(job: Job, start: Path) -> Start:
    """The weights that a job starts from."""
    folder = start / (job.dataset if job.recipe == "spgnet" else f"{job.dataset}-{job.recipe}")
    return Start(folder, ("segmenter",) if "-anew" in job.name else ())


def command(job: Job, out: Path, start: Path, data_root: Path | None, scale: float, how: Sequence[str]) -> list[str]:
    """`spgbench train` for a job."""
    begin = start_of(job, start)
    options = {
        "--dataset": job.dataset,
        "--config": job.config,
        "--protocol": PROTOCOLS,
        "--seed": str(job.seed),
        "--steps": str(max(2, round(job.steps * scale))),
        "--start": "".join(f"{name}=" for name in begin.networks) + str(begin.folder),
        "--decode": "ahead",
        "--out": str(out / job.name),
    }
    options |= {"--stages": job.stage} if job.stage else {}
    options |= {"--data-root": str(data_root)} if job.dataset != "streets" else {}
    flat = [part for pair in options.items() for part in pair]
    return [sys.executable, "-m", "bench", "train", job.recipe, *flat, *how, *job.extra]
