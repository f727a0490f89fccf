"""Trains generators against discriminators, several at once: `python -m tests.support.gpu.sharp_training OUT`.

Prints one line a training as it ends. After `--stop-after` seconds the trainings that still run are told to stop: they
end after their step, and their averaged weights are written all the same, with a note in the card. With
`--evaluate-seconds` all are then scored on val. What should last (generators in half precision, cards, logs, last
sheets, records) is packed into OUT/packs/1, then 2 and so on: one folder for each transfer. A training that is stopped
resumes with the same command.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from bench.data import parse_size
from bench.training import RECIPES, DataFacts, Start, decode_ahead, fabric_for, open_data
from tests.support.gpu.children import child_environment
from tests.support.gpu.early_weights import write_early_weights
from tests.support.gpu.training_packs import pack

__all__ = ["Job", "Trainings", "evaluation", "jobs"]

PROTOCOLS = "freeform,random-rect,object@1,spg-random"  # object@1 needs no other pictures
ABLATION = ("transposed", "border", "skips", "plus", "none")
MIXED = 800  # drawn scenes beside CamVid's pictures
OPPONENTS = ("edge-connect", "glcic", "partial-conv", "lama", "deepfill-v2")
JUDGED = "psnr,seam-gradient,seam-colour,lattice,judge-accuracy,judge-miou,judge-boundary-f"
GRACE = 45.0  # seconds: a last validation takes longer than a step


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


def decode(datasets: dict[str, int | None], out: Path, data_root: Path | None, size: str) -> None:
    """Decode so many pictures of each data set once; every training gets a link to the files."""
    for name, limit in datasets.items():
        root = None if name == "streets" else str(data_root)
        data = open_data(name, root, parse_size(size), PROTOCOLS, limit=limit, cache_bytes=0)
        workers = max(1, (os.cpu_count() or 1) - 2)
        begun = time.monotonic()
        decode_ahead(data.train, out / "decoded", workers, lambda _: None)
        typer.echo(f"{name}: {len(data.train)} pictures decoded in {time.monotonic() - begun:.0f} s")


@dataclass
class Trainings:
    """Processes that train side by side.

    Attributes:
        commands: of trainings by their names, the most needed first.
        out: folder of their outputs.
        at_once: how many run at the same time.
        running, ended: processes by the names of their trainings.
    """

    commands: Mapping[str, Sequence[str]]
    out: Path
    at_once: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.begun

    def run(self, seconds: float) -> None:
        """Start each as soon as there is room, until all have ended or so many seconds have passed in all."""
        waiting = [name for name in self.commands if name not in self.running and name not in self.ended]
        while (waiting or self.running) and self.seconds() < seconds:
            while waiting and len(self.running) < self.at_once:
                self._start(waiting.pop(0))
            self._collect()
            time.sleep(0.2)

    def stop(self, grace: float) -> None:
        """Tell the others to end after their step, and end what does not within `grace` seconds."""
        for process in self.running.values():
            process.terminate()
        end = time.monotonic() + grace
        while self.running and time.monotonic() < end:
            self._collect()
            time.sleep(0.1)
        for process in self.running.values():
            process.kill()
            process.wait()
        self._collect()

    def _start(self, name: str) -> None:
        (self.out / name).mkdir(exist_ok=True)
        if not (self.out / name / ".decoded").exists():
            (self.out / name / ".decoded").symlink_to((self.out / "decoded").resolve())
        environment = child_environment(self.out) | {"OMP_NUM_THREADS": "1"}
        with (self.out / f"{name}.txt").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name], stdout=log, stderr=subprocess.STDOUT, env=environment
            )

    def _collect(self) -> None:
        for name, process in list(self.running.items()):
            if (code := process.poll()) is not None:
                del self.running[name]
                self.ended[name] = code
                tail = (self.out / f"{name}.txt").read_text(errors="replace").splitlines()[-1:]
                typer.echo(f"{self.seconds():4.0f} s {name}: exit {code} {tail}")


def rescue(job: Job, out: Path, start: Path, facts: DataFacts, device: str, precision: str) -> str:
    """Write the weights of a training that was stopped; returns what came of it."""
    try:
        recipe = RECIPES.create(job.recipe, config=job.config, data=facts)
        begin = start_of(job, start)
        recipe.start_from(begin.folder, begin.networks)
        fabric = fabric_for(device, "bf16-mixed" if precision == "bf16-mixed" else "32")
        return write_early_weights(out / job.name, recipe, fabric) or "stopped before its first step"
    except Exception as error:  # noqa: BLE001 (the other trainings are wanted all the same)
        return f"no weights: {type(error).__name__}: {error}"


def evaluation(dataset: str, done: Sequence[Job], out: Path, how: Sequence[str]) -> list[str]:
    """`spgbench run` on val with a row for each training."""
    rows = []
    for job in done:
        unguided = job.stage == "unguided"
        model = f"{job.recipe}:unguided" if unguided else job.recipe
        weights = out / job.name / "weights" / f"{'unguided' if unguided else job.recipe}.safetensors"
        rows.append(f"{job.name}={model}?weights={weights}")
    options = ["--dataset", dataset, "--split", "val", "--protocols", "center-50,random-rect", "--metrics", JUDGED]
    options += ["--workers", str(min(8, os.cpu_count() or 1))]  # scores do not depend on it
    return [
        *(sys.executable, "-m", "bench", "run", "standard", *options),
        *("--models", ",".join(rows), *how, "--out", str(out / f"val-{dataset}")),
    ]


@contextmanager
def _told(what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    typer.echo(f"{what}: {time.monotonic() - begun:.0f} s")


def _evaluate(arguments: Sequence[str], folder: Path, out: Path, seconds: float) -> None:
    """Run for so many seconds; what is finished by then is reported."""
    environment = child_environment(out)
    log = out / f"{folder.name}.txt"
    with log.open("wb") as file:
        process = subprocess.Popen(arguments, stdout=file, stderr=subprocess.STDOUT, env=environment)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            subprocess.run(
                [sys.executable, "-m", "bench", "report", str(folder)],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                check=False,
            )
    typer.echo("\n".join(log.read_text(errors="replace").splitlines()[-40:]))


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
    at_once: Annotated[int, typer.Option(help="Trainings side by side; the next begins as one ends.")] = 6,
    device: str = "auto",
    precision: str = "bf16-mixed",
    stop_after: Annotated[float, typer.Option(help="Seconds after which trainings that still run are stopped.")] = 3600,
    evaluate_seconds: Annotated[float, typer.Option(help="Then, for the scores on val, at most; 0 for none.")] = 0,
    evaluate_limit: Annotated[int, typer.Option(help="Pictures of val that are scored.")] = 24,
) -> None:
    """Train, write what was stopped, evaluate, pack.

    Six at once are as many as are worth it: on an H200 six of batch 16 took 80 to 140 pictures a second each, eighteen
    27 to 33, which is not more in all, and then the most needed ones end no sooner than the others.
    """
    wanted = [job for job in jobs() if not select or any(part in job.name for part in select.split(","))]
    out.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, int | None] = {"streets": MIXED} if any("--mix" in job.extra for job in wanted) else {}
    decode(pictures, out, data_root, size)
    decode(dict.fromkeys((job.dataset for job in wanted), limit), out, data_root, size)
    machine = ["--device", device, "--size", size]
    how = [*machine, "--batch-size", str(batch_size), "--precision", precision]
    how += ["--workers", str(workers), "--check-every", "1000000", "--quiet"]
    how += ["--limit", str(limit)] if limit else []
    commands = {job.name: command(job, out, start, data_root, steps_scale, how) for job in wanted}
    trainings = Trainings(commands, out, at_once)
    trainings.run(stop_after)
    with _told("stopped"):
        trainings.stop(GRACE)
    stopped = [job for job in wanted if trainings.ended.get(job.name, 0)]
    with _told("weights of what was stopped"):
        for job in stopped:
            facts = _facts(job.dataset, data_root, size)
            typer.echo(f"{job.name}: {rescue(job, out, start, facts, device, precision)}")
    done = [job for job in wanted if any((out / job.name / "weights").glob("*.safetensors"))]
    names = [job.name for job in done]
    typer.echo("\n".join(pack(names, [], out)))
    datasets = sorted({job.dataset for job in done}) if evaluate_seconds else []
    for dataset in datasets:
        own = [job for job in done if job.dataset == dataset]
        root = [] if dataset == "streets" else ["--data-root", str(data_root)]
        arguments = evaluation(dataset, own, out, [*machine, *root, "--limit", str(evaluate_limit)])
        _evaluate(arguments, out / f"val-{dataset}", out, evaluate_seconds / len(datasets))
    if datasets:
        typer.echo("\n".join(pack(names, [out / f"val-{dataset}" for dataset in datasets], out)))


def _facts(dataset: str, data_root: Path | None, size: str) -> DataFacts:
    root = None if dataset == "streets" else str(data_root)
    data = open_data(dataset, root, parse_size(size), PROTOCOLS, limit=1, cache_bytes=0)
    return DataFacts(data.train.classes, data.size)


if __name__ == "__main__":
    typer.run(main)
