"""`spgbench doctor`: is this machine ready?"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import typer

__all__ = ["doctor"]

_PACKAGES = (
    "torch",
    "torchvision",
    "torchmetrics",
    "lpips",
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "opencv-python-headless",
    "scikit-image",
    "numba",
    "pillow",
)


def doctor() -> None:
    """Check the installation: versions, torch with torchvision, compiled code, devices. Exit 3 when a check fails.

    Missing weights of metrics are listed as absent, and a machine that is too busy for timings as busy: no failures.

    Example: spgbench doctor
    """
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("python", lambda: f"{sys.version.split()[0]}, {os.cpu_count()} cores"),
        *((package, lambda package=package: version(package)) for package in _PACKAGES),
        ("torch with torchvision", _pair),
        ("lpips import", lambda: importlib.import_module("lpips").__name__),
        ("compiled code", _compiled),
        ("devices", _devices),
    )
    failed = [name for name, check in checks if not _passes(name, check)]
    _weights()
    _quiet()
    if failed:
        typer.echo(f"spgbench: {len(failed)} of {len(checks)} checks failed: {', '.join(failed)}", err=True)
        raise typer.Exit(3)


def _passes(name: str, check: Callable[[], str]) -> bool:
    try:
        typer.echo(f"ok      {name}: {check()}")
    except PackageNotFoundError:
        typer.echo(f"FAILED  {name}: not installed")
        return False
    except Exception as error:  # noqa: BLE001 (a broken installation fails in any way; that is the finding)
        typer.echo(f"FAILED  {name}: {type(error).__name__}: {error}")
        return False
    return True


def _weights() -> None:
    """Which weights are at hand: without them their metrics are left out, so none of them is a failure."""
    from bench.errors import WeightsMissing
    from bench.weights import WEIGHT_SETS, find_set

    for name in WEIGHT_SETS:
        try:
            paths = find_set(name, fetch=False)
            typer.echo(f"ok      weights {name}: {', '.join(map(str, paths.values()))}")
        except WeightsMissing as error:
            typer.echo(f"absent  weights {name}: found {error.found}; spgbench fetch weights {name}")


def _quiet() -> None:
    """Whether times that are measured now can be believed: a busy machine is no broken one."""
    from bench.profiling.contention import look_around

    seen, references = look_around()
    found = seen.explained(references)
    if found:
        typer.echo(f"busy    this machine is not quiet: {found}")
    else:
        load = "" if seen.load is None else f"load {seen.load:.1f} on "
        typer.echo(f"ok      quiet: {load}{seen.cores} cores")
    if seen.first_use:
        typer.echo("note    first use on this machine: its reference kernels have no best times to compare with yet")


def _pair() -> str:
    import torch
    import torchvision

    kept = torchvision.ops.nms(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([1.0]), 0.5)
    return f"{torch.__version__} with {torchvision.__version__}, {len(kept)} compiled operator works"


def _compiled() -> str:
    import bench.masks

    return f"a freeform hole of {bench.masks.draw('freeform@1', height=64, width=64, key='doctor').mean():.0%}"


def _devices() -> str:
    import torch

    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return ", ".join(names) or f"cpu with {torch.get_num_threads()} threads"
