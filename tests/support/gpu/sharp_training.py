"""Trains generators against discriminators, several at once: `python -m tests.support.gpu.sharp_training OUT`.

Prints one line a training as it ends. After `--stop-after` seconds the trainings that still run are told to stop: they
end after their step, and their averaged weights are written all the same, with a note in the card. With
`--evaluate-seconds` all are then scored on val. What should last (generators in half precision, cards, logs, last
sheets, records) is packed into OUT/packs/1, then 2 and so on: one folder for each transfer. A training that is stopped
resumes with the same command.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from lightning_fabric import Fabric

from bench.data import parse_size
from bench.training import (
    RECIPES,
    DataFacts,
    MixedDataset,
    Mixture,
    TrainingData,
    decode_ahead,
    fabric_for,
    open_data,
)
from bench.vocabulary import Dataset
from tests.support.gpu.children import child_environment
from tests.support.gpu.early_weights import write_early_weights
from tests.support.gpu.sharp_jobs import MIXED, PROTOCOLS, Job, command, jobs, start_of
from tests.support.gpu.training_packs import pack

__all__ = ["Trainings", "evaluation"]

JUDGED = "psnr,seam-gradient,seam-colour,lattice,judge-accuracy,judge-miou,judge-boundary-f"
GRACE = 45.0  # seconds: a last validation takes longer than a step
STOPPED = (128 + signal.SIGTERM, -signal.SIGTERM, -signal.SIGKILL)  # exit codes; other trainings have failed


def decode(datasets: dict[str, int | None], out: Path, data_root: Path | None, size: str) -> None:
    """Decode so many pictures of each data set once; every training gets a link to the files."""
    for name, limit in datasets.items():
        root = None if name == "streets" else str(data_root)
        data = open_data(name, root, parse_size(size), PROTOCOLS, limit=limit, cache_bytes=0)
        begun = time.monotonic()
        _decoded(data.train, out)
        typer.echo(f"{name}: {len(data.train)} pictures decoded in {time.monotonic() - begun:.0f} s")


def _decoded(data: Dataset, out: Path) -> Dataset:
    if isinstance(data, MixedDataset):
        return data.map(lambda part: _decoded(part, out))
    return decode_ahead(data, out / "decoded", max(1, (os.cpu_count() or 1) - 2), lambda _: None)


def data_of(job: Job, out: Path, data_root: Path | None, size: str, limit: int | None) -> TrainingData:
    """What a job trains on, decoded."""
    extra = dict(zip(job.extra[::2], job.extra[1::2], strict=True))
    data = open_data(
        job.dataset,
        None if job.dataset == "streets" else str(data_root),
        parse_size(size),
        PROTOCOLS,
        limit=limit,
        jitter=float(extra.get("--jitter", 0)),
        mix=Mixture.parse(extra["--mix"]) if "--mix" in extra else None,
        mix_limit=int(extra["--mix-limit"]) if "--mix-limit" in extra else None,
        cache_bytes=0,
    )
    return replace(data, train=_decoded(data.train, out))


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


def rescue(job: Job, out: Path, start: Path, read: Callable[[Job], TrainingData], fabric: Fabric) -> str:
    """Write the weights of a training that was stopped; returns what came of it."""
    try:
        data = read(job)
        recipe = RECIPES.create(job.recipe, config=job.config, data=DataFacts(data.train.classes, data.size))
        begin = start_of(job, start)
        recipe.start_from(begin.folder, begin.networks)
        return write_early_weights(out / job.name, recipe, data, fabric) or "stopped before its first step"
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

    Six at once are as many as are worth it: on an H200 six of batch 16 took 80 to 140 pictures a second each
    (`--at-once 6`, from their logs), eighteen 27 to 33 (`--at-once 18`), which is not more in all, and the most needed
    ones then end no sooner than the others.
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
    if not_begun := [job.name for job in wanted if job.name not in trainings.ended]:
        typer.echo(f"not begun: {', '.join(not_begun)}")
    stopped = [job for job in wanted if trainings.ended.get(job.name) in STOPPED]
    with _told("weights of what was stopped"):
        fabric = fabric_for(device, "32" if precision == "32" else "bf16-mixed")
        read = partial(data_of, out=out, data_root=data_root, size=size, limit=limit)
        for job in stopped:
            typer.echo(f"{job.name}: {rescue(job, out, start, read, fabric)}")
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


if __name__ == "__main__":
    typer.run(main)
