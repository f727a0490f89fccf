"""The processes that take turns: each holds one model of one version, and works only when it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from bench.errors import Failure
from bench.profiling.versions import Version

__all__ = ["BenchClient", "BenchProcessFailed"]

_SCRIPT = Path(__file__).with_name("bench_process.py")
_COOLDOWN = 0.05
"""Seconds of rest before a block: threads of the arm before it may still be spinning."""


class BenchProcessFailed(Exception):
    """What the model or its process said."""


class BenchClient:
    """A process of a version; a context manager.

    Args:
        version: whose code it runs.
        model, device, load, threads: as of a profile.

    Raises:
        BenchProcessFailed: when the model cannot be made.
        Failure: when the process imports another package than that of its version.
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
            facts = self._ask("load", model=model, device=device, load=load, threads=threads)
        except BenchProcessFailed:
            self.close()
            raise
        package = Path(facts["package"]).resolve()
        if version.root is not None and not package.is_relative_to(version.root.resolve()):
            self.close()
            raise Failure(f"process of {version.title}", f"import bench from {version.root}", str(package))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self, pictures: Path, setting: dict[str, str], *, count_breaks: bool = True) -> dict[str, int | None]:
        """Make ready for a configuration; returns parameters, FLOPs, graph breaks and peak memory of a call."""
        exact: dict[str, int | None] = self._ask(
            "prepare", pictures=str(pictures), setting=setting, count_breaks=count_breaks
        )
        return exact

    def block(self, calls: int) -> list[float]:
        """Seconds of each of some calls."""
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
