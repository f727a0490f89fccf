"""Measures what SPG-Net costs on a device: `python -m tests.support.gpu.device_reference NAME`.

Writes results/NAME, and of it the records with every raw sample, tables and plots to results/reference/NAME. On a GPU
it first measures the lines that the targets need and says which are met, then the other lines of exact networks and of
graphs, then the fast networks without graphs. Prints when each line is done. The networks are untrained: the paper's
size has no weights in the repository, and time does not depend on them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Annotated

import torch
import typer

import bench.data
from bench.data import parse_size
from bench.models.instrumentation import Convolution
from bench.profiling import Effort, Sweep, profile
from bench.profiling.roofline import MachineRates
from bench.records.profile import Configuration, Profile, ProfileRecord
from bench.reporting.profile import report_profile
from bench.runtime.device import resolve_device
from spgnet import SPGNet, SPGNetConfig
from tests.support.gpu.fast_processes import compile_kernels, processes_that_start_fast
from tests.support.reference import copy

__all__ = ["Chosen", "Target", "rounds", "targets"]

KEPT = ("profile/**/*.json*", "tables/profile.*", "plots/profile-*.png")
SIZES = {"small": SPGNetConfig.small, "paper": SPGNetConfig.paper}
FAST = "precision=bfloat16&channels_last=true&folded=true"
LARGEST = 1024 * 2048  # pixels of a batch
BUSY = Convolution((8, 512, 32, 32), (8, 512, 32, 32), (3, 3), (1, 1), (1, 1), (1, 1), 1, transposed=False)
"""The convolution that most operations of the paper's size are spent in, at 512x512."""

SQUARE, STREET, LARGE = Configuration(256, 256), Configuration(1024, 2048), Configuration(512, 512, 8)

NEEDED = {
    "small-graph": (SQUARE, STREET),
    "small-exact": (SQUARE,),
    "paper-graph": (SQUARE, LARGE),
    "paper-exact": (SQUARE, LARGE),
}
"""The lines of the targets by row."""

PRELOADED = ("bench.profiling.worker", "bench.models.learned", "spgnet", "tests.support.gpu.device_reference")
WORTH_STARTING = 15.0  # seconds


class Lines(Sweep):
    """A sweep without large batches of large pictures."""

    def configurations(self) -> tuple[Configuration, ...]:
        """As of Sweep."""
        every = super().configurations()
        return tuple(one for one in every if one.height * one.width * one.batch_size <= LARGEST)


@dataclass(frozen=True)
class Chosen(Sweep):
    """Given lines, in their order."""

    lines: tuple[Configuration, ...] = ()

    def configurations(self) -> tuple[Configuration, ...]:
        """As of Sweep."""
        return self.lines


@dataclass(frozen=True)
class Target:
    """A figure that is to be reached, with what was measured; None: it could not be measured."""

    text: str
    found: float | None
    reached: bool

    def __str__(self) -> str:
        verdict = "not measured" if self.found is None else "reached" if self.reached else "MISSED"
        return f"{verdict}: {self.text}" + ("" if self.found is None else f": {self.found:.3g}")


def rows(weights: Path, device: str) -> dict[str, str]:
    """Models of the catalogue by their names: exact, by the options that make them faster, and as a CUDA graph."""
    options = {"exact": "", "fast": f"&{FAST}"}
    options |= {"hole": f"&{FAST}&crop_inference=true"} if device == "cpu" else {"graph": f"&{FAST}&cuda_graph=true"}
    return {
        f"{size}-{name}": f"spgnet?weights={weights / size}.safetensors{how}"
        for size, (name, how) in product(SIZES, options.items())
    }


def rounds(names: Sequence[str], lines: Sequence[Configuration]) -> list[dict[str, Sweep]]:
    """The lines of each row in the order of their worth: what is left when the time is up is worth least.

    A row starts a process in every round, which takes seconds.
    """
    if not any(name.endswith("-graph") for name in names):
        return [dict.fromkeys(names, Chosen(lines=tuple(lines)))]
    first = {name: tuple(line for line in needed if line in lines) for name, needed in NEEDED.items() if name in names}
    rest = {name: tuple(line for line in lines if line not in first.get(name, ())) for name in names}
    others = {name: rest[name] for name in first}
    last = {name: own for name, own in rest.items() if name not in first}
    made: list[dict[str, Sweep]] = [
        {name: Chosen(lines=own) for name, own in one.items() if own} for one in (first, others, last)
    ]
    return [one for one in made if one]


def save_untrained(folder: Path) -> None:
    """Both sizes, with the classes of streets."""
    classes = bench.data.load("streets", split="val", limit=1).classes
    for size, make in SIZES.items():
        torch.manual_seed(0)
        SPGNet(make(classes)).save(folder / size)


def targets(found: Profile, convolution_rate: float | None) -> list[Target]:
    """What a recent data-centre GPU is to reach, all ratios within this profile.

    Args:
        found: the profile.
        convolution_rate: operations a second of `BUSY` in bfloat16.
    """
    lines = {(record.model, str(record.configuration)): record for record in found.records if record.measured}

    def line(model: str, configuration: Configuration) -> ProfileRecord | None:
        return lines.get((model, str(configuration)))

    made = []
    for size, most in (("small", 2.0), ("paper", 2.8)):
        exact, graph = line(f"{size}-exact", SQUARE), line(f"{size}-graph", SQUARE)
        ms = graph.latency() * 1e3 if graph else None
        ratio = exact.latency() / graph.latency() if exact and graph else None
        made += [
            _at_most(f"{size} 256x256, as a graph with fast options: at most {most} ms", ms, most),
            _at_least(f"{size} 256x256, as a graph: at least 6 times as fast as eager float32", ratio, 6),
        ]
    large = line("small-graph", STREET)
    made.append(_at_most("small 1024x2048: under 8 ms", large.latency() * 1e3 if large else None, 8))
    best, plain = line("paper-graph", LARGE), line("paper-exact", LARGE)
    ratio = best.throughput / plain.throughput if best and plain else None
    made.append(_at_least("paper 512x512, batch 8: at least 3 times the throughput of eager float32", ratio, 3))
    share = None
    if best and plain and plain.flops and convolution_rate:
        share = plain.flops / best.latency() / convolution_rate
    made.append(_at_least("paper 512x512, batch 8: at least half of the bfloat16 convolution rate", share, 0.5))
    return made


def _at_most(text: str, found: float | None, limit: float) -> Target:
    return Target(text, found, found is not None and found <= limit)


def _at_least(text: str, found: float | None, limit: float) -> Target:
    return Target(text, found, found is not None and found >= limit)


def main(
    name: str,
    *,
    device: str = "auto",
    resolutions: str = "256,512,1024x2048",
    batch_sizes: str = "1,8",
    samples: int = 20,
    seconds: Annotated[float, typer.Option(help="Time limit of a line, and twice that of its warm-up.")] = 4,
    budget: Annotated[float, typer.Option(help="Seconds for everything.")] = 900,
    retries: Annotated[int, typer.Option(help="Measure what is INVALID again, so often at most.")] = 1,
) -> None:
    """Profile both sizes in eager float32 and by their own options, on a GPU as graphs, too."""
    begun, device, out = time.monotonic(), resolve_device(device), Path("results") / name
    effort = Effort(samples, seconds, warmup_seconds=seconds / 2, retries=retries)
    lines = Lines(
        resolutions=tuple(size for text in resolutions.split(",") if (size := parse_size(text))),
        batch_sizes=tuple(int(text) for text in batch_sizes.split(",")),
    )
    on_gpu, end = device != "cpu", begun + budget

    def tell(record: ProfileRecord) -> None:
        found = f"{1e3 * record.latency():.3g} ms {record.invalid}" if record.measured else record.status
        typer.echo(f"{time.monotonic() - begun:6.1f} s {record.model} {record.configuration}: {found} {record.reason}")

    with processes_that_start_fast(PRELOADED) if on_gpu else nullcontext():
        save_untrained(out / "untrained")
        models = {row: f"{row}={model}" for row, model in rows(out / "untrained", device).items()}
        if on_gpu:
            typer.echo(compile_kernels({row: models[row] for row in models if row.endswith("-graph")}, device))
        for number, part in enumerate(rounds(tuple(models), lines.configurations())):
            left = end - time.monotonic()
            if number and left < WORTH_STARTING:
                typer.echo(f"no time left for the rest of {', '.join(part)}")
                break
            sweeps = {models[row]: sweep for row, sweep in part.items()}
            limited = replace(effort, budget=max(left, 1.0))
            found = profile(tuple(sweeps), out, sweeps, limited, device=device, on_record=tell)
            for row, why in found.environment["not_loaded"].items():
                typer.echo(f"{row} was not measured: {why}")
            if on_gpu and not number:
                rate = MachineRates(device).convolution_rate({BUSY: 1}, "bf16")
                typer.echo("\n".join(str(target) for target in targets(found, rate)))
            report_profile(found)  # after every round, since the machine may be taken away
            copy((file for pattern in KEPT for file in out.glob(pattern)), out, out.parent / "reference" / name)


if __name__ == "__main__":
    typer.run(main)
