"""Times `run` of a suite on a GPU and on two cores of the CPU: `python -m tests.support.gpu.run_speed`.

Each run is whole and has a process of its own. The one on the CPU takes fewer pictures, and rates are compared: samples
(pictures, times protocols, times models) a second while pictures run, without the start of the program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

RUN = """
import json, sys, time
from pathlib import Path

if __name__ == "__main__":
    out, suite, limit, models, protocols, device, workers = sys.argv[1:]
    import torch
    from bench.evaluation import run
    from bench.evaluation.suite import read_suite
    from bench.runtime.cores import usable_cores

    torch.set_num_threads(usable_cores())
    inner, spent = run._run, []

    def timed(*arguments, **named):
        start = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            spent.append(time.perf_counter() - start)

    run._run = timed
    chosen = {"limit": int(limit), "models": models or None, "protocols": protocols or None}
    chosen = {name: tuple(v.split(",")) if isinstance(v, str) else v for name, v in chosen.items() if v}
    if workers == "1":  # every Numba function is compiled before
        warm = {"limit": 1, "protocols": ("freeform", "object"), "models": ("mean", "patchmatch")}
        run.run_suite(read_suite(suite).with_changes(**warm), Path(out + "-warm"), device=device)
        spent.clear()
    outcome = run.run_suite(read_suite(suite).with_changes(**chosen), Path(out), device=device, workers=int(workers))
    cells = outcome.run.cells.values()
    print(json.dumps({
        "samples": sum(cell.n for cell in cells), "failed": outcome.failed, "running": spent[0], "wall": outcome.wall,
        "phases": outcome.phases.seconds, "gpu": None if outcome.gpu is None else vars(outcome.gpu),
        "notes": [line for line in outcome.warnings if "not measured" in line],
    }))
"""


@dataclass(frozen=True)
class Timed:
    """What a run told of itself."""

    told: dict[str, Any]

    @property
    def seconds(self) -> float:
        """While pictures ran."""
        gpu = self.told["gpu"]
        return float(gpu["seconds"] if gpu else self.told["running"])

    @property
    def rate(self) -> float:
        """Samples a second."""
        return float(self.told["samples"]) / self.seconds


def main(
    suite: str = "standard",
    *,
    device: str = "cuda:0",
    workers: Annotated[int, typer.Option(help="Processes that share the GPU.")] = 12,
    cpu_cores: int = 2,
    cpu_limit: Annotated[int, typer.Option(help="Pictures of the run on the CPU; 0 leaves it out.")] = 1,
    gpu_limit: Annotated[int, typer.Option(help="Pictures of the run on the GPU.")] = 16,
    models: Annotated[str, typer.Option(help="Those of the suite by default.")] = "",
    protocols: Annotated[str, typer.Option(help="Those of the suite by default.")] = "",
    cpu_seconds: Annotated[float, typer.Option(help="The run on the CPU is stopped then.")] = 60,
    gpu_seconds: Annotated[float, typer.Option(help="The run on the GPU is stopped then.")] = 60,
) -> None:
    """Time both runs, and print the rates, their ratio and how busy the GPU was."""
    chosen = (models, protocols)
    cores = sorted(os.sched_getaffinity(0))
    slow = timed(suite, cpu_limit, chosen, "cpu", 1, cpu_seconds, cores[:cpu_cores]) if cpu_limit else None
    fast = timed(suite, gpu_limit, chosen, device, workers, gpu_seconds, cores)
    if fast and slow:
        typer.echo(f"ratio {fast.rate / slow.rate:.1f} (at least 5 wanted)")
    if fast and fast.told["gpu"]:
        typer.echo(f"GPU busy {fast.told['gpu']['share']:.0%} (at least 80% wanted), by {fast.told['gpu']['source']}")


def timed(
    suite: str, limit: int, chosen: tuple[str, str], device: str, workers: int, most: float, cores: list[int]
) -> Timed | None:
    """Run a suite on some cores, and print what came of it; None where it was not whole in time."""
    with tempfile.TemporaryDirectory() as folder:
        out, script = Path(folder) / "out", Path(folder) / "run.py"
        script.write_text(RUN, encoding="utf-8")
        command = [sys.executable, str(script), str(out), suite, str(limit), *chosen, device, str(workers)]
        paths = os.pathsep.join(filter(None, (str(Path.cwd()), os.environ.get("PYTHONPATH", ""))))
        environment = os.environ | {"PYTHONPATH": paths}
        start = time.perf_counter()
        with subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cores)), *command],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                printed, _ = process.communicate(timeout=most)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                lines = sum(file.read_text().count('"sample":') for file in out.rglob("*.jsonl"))
                typer.echo(f"{device}: stopped after {most:.0f} s with {lines} samples: give a lower limit")
                return None
        wall = time.perf_counter() - start
    if process.returncode:
        typer.echo(f"{device}: ended with {process.returncode}")
        return None
    result = Timed(json.loads(printed.splitlines()[-1]))
    told = result.told
    typer.echo(
        f"{device}, {len(cores)} cores, {workers} workers, {limit} pictures: {told['samples']} samples, "
        f"{told['failed']} failed; process {wall:.1f} s, run {told['wall']:.1f} s, "
        f"cells {told['running']:.1f} s, pictures {result.seconds:.1f} s: {result.rate:.1f} samples/s"
    )
    typer.echo("  " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in told["phases"].items()))
    for note in told["notes"]:
        typer.echo(f"  {note[:150]}")
    return result


if __name__ == "__main__":
    typer.run(main)
