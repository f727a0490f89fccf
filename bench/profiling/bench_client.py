"""The client of a bench process, which holds one model of one version and works only on request."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from bench.errors import Failure
from bench.profiling.versions import Version
from bench.vocabulary import LabelSources

__all__ = ["BenchClient", "BenchProcessFailed"]

_SCRIPT = Path(__file__).with_name("bench_process.py")
_COOLDOWN = 0.05
"""Pause before a block, in seconds: threads of the process that was timed before may still be spinning."""


class BenchProcessFailed(Exception):
    """The model raised an error, or its process ended; holds the message."""


class BenchClient:
    """Starts a bench process and sends it requests; a context manager, which ends the process.

    Args:
        version: the version of the package that the process imports.
        model, device, load, threads: as for `profile`.

    Attributes:
        label_sources: of the model: which label maps its batches must have.

    Raises:
        BenchProcessFailed: the model cannot be loaded.
        Failure: the process imports another package than that of its version.
    """

    def __init__(self, version: Version, model: str, device: str, load: str, threads: int | None) -> None:
        variables = dict(os.environ)
        if version.root is not None:
            path = [str(version.root), *filter(None, [variables.get("PYTHONPATH")])]
            variables["PYTHONPATH"] = os.pathsep.join(path)
        command = [version.python, "-P", str(_SCRIPT)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, env=variables, text=True, encoding="utf-8", **pipes)  # type: ignore[call-overload]  # noqa: S603  # our own script
        try:
            loaded = self._ask("load", model=model, device=device, load=load, threads=threads)
        except BenchProcessFailed:
            self.close()
            raise
        package = Path(loaded["package"]).resolve()
        if version.root is not None and not package.is_relative_to(version.root.resolve()):
            self.close()
            raise Failure(f"process of {version.title}", f"import bench from {version.root}", str(package))
        self.label_sources = LabelSources(*loaded["label_sources"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self, batch: Path, setting: dict[str, str], *, count_breaks: bool = True) -> dict[str, int | None]:
        """Make the model ready for a batch and a setting.

        Args:
            batch: file of `write_batch`.
            setting: `precision`, `memory_format` and `mode`.
            count_breaks: whether to count graph breaks; the compiler is slow.

        Returns:
            Parameters, FLOPs, graph breaks and peak memory of a call.
        """
        quantities: dict[str, int | None] = self._ask(
            "prepare", batch=str(batch), setting=setting, count_breaks=count_breaks
        )
        return quantities

    def block(self, calls: int) -> list[float]:
        """Make some calls; returns the seconds of each."""
        time.sleep(_COOLDOWN)
        seconds: list[float] = self._ask("block", calls=calls)["seconds"]
        return seconds

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, do: str, **arguments: Any) -> Any:
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            raise BenchProcessFailed(f"its process ended with exit code {self._process.wait()}")
        found = json.loads(answer)
        if "error" in found:
            raise BenchProcessFailed(found["error"])
        return found
