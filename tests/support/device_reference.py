"""Measures what SPG-Net costs on a device, every raw sample kept: `python -m tests.support.device_reference NAME`.

Writes results/NAME, and of it the records, tables and plots to results/reference/NAME. The networks are untrained: the
paper's size has no weights in the repository, and time does not depend on them.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

import bench.data
from bench.data import parse_size
from bench.profiling import Effort, Sweep, profile
from bench.records.profile import Mode
from bench.reporting.profile import report_profile
from bench.runtime.device import resolve_device
from spgnet import SPGNet, SPGNetConfig
from tests.support.reference import copy

KEPT = ("profile/**/*.json*", "tables/profile.*", "plots/profile-*.png")
SIZES = {"small": SPGNetConfig.small, "paper": SPGNetConfig.paper}
FAST = "precision=bfloat16&channels_last=true&folded=true"


def rows(weights: Path, device: str) -> dict[str, str]:
    """Models of the catalogue by their names: as published, and by the options that make them faster."""
    options = {"exact": "", "fast": f"&{FAST}", "hole": f"&{FAST}&crop_inference=true"}
    options |= {} if device == "cpu" else {"graphed": f"&{FAST}&cuda_graph=true"}
    return {
        f"{size}-{name}": f"spgnet?weights={weights / size}.safetensors{how}"
        for size, (name, how) in product(SIZES, options.items())
    }


def save_untrained(folder: Path) -> None:
    """Both sizes, with the classes of streets."""
    classes = bench.data.load("streets", split="val", limit=1).classes
    for size, make in SIZES.items():
        torch.manual_seed(0)
        SPGNet(make(classes)).save(folder / size)


def main(
    name: str,
    *,
    device: str = "auto",
    resolutions: str = "256,512,1024x2048",
    batch_sizes: str = "1,8",
    budget: Annotated[float, typer.Option(help="Seconds for each of the three sweeps.")] = 300,
    retries: Annotated[int, typer.Option(help="Measure what is INVALID again, so often at most.")] = 1,
) -> None:
    """Profile both sizes in eager float32, by their own options, and in bfloat16, on a GPU as graphs, too."""
    device, out = resolve_device(device), Path("results") / name
    save_untrained(out / "untrained")
    models = rows(out / "untrained", device)
    effort = Effort(samples=20, seconds=4, warmup_seconds=2, budget=budget, retries=retries)
    shape: dict[str, Any] = {
        "resolutions": tuple(parse_size(text) for text in resolutions.split(",")),
        "batch_sizes": tuple(int(text) for text in batch_sizes.split(",")),
    }
    modes: tuple[Mode, ...] = ("eager",) if device == "cpu" else ("eager", "cuda-graphs")
    bfloat16 = Sweep(**shape, precisions=("bf16",), memory_formats=("channels-last",), modes=modes)
    named = [f"{row}={model}" for row, model in models.items()]
    exact = [row for row in named if "-exact=" in row]
    faster = [row for row in named if row not in exact]
    profile(exact, out, Sweep(**shape), effort, device=device)
    profile(faster, out, Sweep(**shape, memory_formats=("channels-last",)), effort, device=device)
    report_profile(profile(exact, out, bfloat16, effort, device=device))
    copy((file for pattern in KEPT for file in out.glob(pattern)), out, out.parent / "reference" / name)


if __name__ == "__main__":
    typer.run(main)
