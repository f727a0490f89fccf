"""The engine that a command asks for by name, with its options as texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from bench.errors import UnknownName, UsageError
from bench.runtime.executors.executor import Executor

__all__ = ["EXECUTORS", "create_executor"]

EXECUTORS = ("local", "ray", "slurm")
_RAY_OPTIONS = ("cpus", "gpus", "patience")


def create_executor(
    name: str,
    workers: int,
    out: Path,
    device: str = "cpu",
    *,
    ray_address: str | None = None,
    options: Mapping[str, str] | None = None,
) -> Executor:
    """An engine.

    Args:
        name: `local`, `ray` or `slurm`.
        workers: processes, actors or elements of a job array.
        out: output folder.
        device: torch device.
        ray_address: `HOST:PORT` or `auto`, for `ray` alone.
        options: of the engine; of `ray` cpus, gpus and patience, of `slurm` cluster and the parameters of submitit.

    Raises:
        UsageError: options that the engine does not have.
    """
    options = options or {}
    if ray_address is not None and name != "ray":
        raise UsageError("--ray-address", "stand beside --executor ray", f"--executor {name}")
    if name == "local":
        from bench.runtime.executors.local_executor import LocalExecutor

        if options:
            must = "stand beside --executor ray or slurm"
            raise UsageError("--executor-option", must, "--executor local", "It takes --workers and --device alone.")
        return LocalExecutor(workers, device)
    if name == "ray":
        from bench.runtime.executors.ray_executor import RayExecutor

        return RayExecutor(workers, out, device, address=ray_address, **_amounts(options))
    if name == "slurm":
        from bench.runtime.executors.slurm_executor import SlurmExecutor

        parameters = {key: _value(text) for key, text in options.items() if key != "cluster"}
        return SlurmExecutor(workers, out, device, cluster=options.get("cluster", "slurm"), parameters=parameters)
    raise UnknownName("executor", name, EXECUTORS)


def _amounts(options: Mapping[str, str]) -> dict[str, float]:
    """Numbers above 0, by the names that Ray's engine has."""
    found = {}
    for key, text in options.items():
        if key not in _RAY_OPTIONS:
            raise UnknownName("option of --executor ray", key, _RAY_OPTIONS)
        value = _value(text)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise UsageError(f"--executor-option {key}", "be a number above 0", repr(text))
        found[key] = float(value)
    return found


def _value(text: str) -> object:
    """The JSON value that a text spells; any other text is itself, as `gpu` and `0123` are."""
    try:
        return cast("object", json.loads(text))
    except ValueError:
        return text
