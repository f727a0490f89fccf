"""The bench process: a script that loads a model of any version of the package and times its calls.

BenchClient runs this file by its path, so that this version's code times both versions. Of the version under test it
needs `bench.models.load` and the fields of a Batch. It reads its own neighbours by their paths too; those need torch
alone. Every line on stdin is a JSON object with `do`; every line on stdout is the answer, or `{"error": ...}`. What the
model prints goes to stderr.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

_PROFILING = Path(__file__).parent
_NEIGHBOURS = {
    **{name: _PROFILING / f"{name}.py" for name in ("clock", "execution", "memory")},
    "instrumentation": _PROFILING.with_name("models") / "instrumentation.py",
}


def _read_module(path: Path) -> ModuleType:
    """A module of this version, whatever version `import bench` finds."""
    spec = importlib.util.spec_from_file_location(f"_bench_process_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class _Server:
    """Answers the requests of a BenchClient, for one model."""

    def __init__(self) -> None:
        self._modules = SimpleNamespace(**{name: _read_module(path) for name, path in _NEIGHBOURS.items()})
        self._subject: Any = None
        self._setting = SimpleNamespace(precision="fp32", memory_format="contiguous", mode="eager")
        self._call: Callable[[], Any] | None = None
        self._observed_before = False
        self._graph_breaks: int | None = None

    def load(self, model: str, device: str, load: str, threads: int | None) -> dict[str, Any]:
        """Load the model; returns the path of its package, and which label maps it must be given."""
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        self._subject = self._modules.execution.Subject(model, device, load)
        loaded = self._subject.model
        sources = getattr(loaded, "label_sources", None) or loaded.labels  # the name in earlier versions
        return {
            "package": importlib.import_module("bench").__file__,
            "torch": torch.__version__,
            "fingerprint": loaded.fingerprint,
            "label_sources": [sources.context, sources.hole],
        }

    def prepare(self, batch: str, setting: dict[str, str], count_breaks: bool) -> dict[str, Any]:
        """Read a batch from a file and make the model ready for it; returns the exact quantities of a call.

        Graph breaks are counted only once, because they do not depend on the size and the compiler is slow.
        """
        subject, self._setting = self._subject, SimpleNamespace(**setting)
        subject.reset()
        read = _read_batch(batch)
        with self._modules.execution.precision_context("fp32", subject.device):
            observed = self._modules.instrumentation.observe(lambda: subject.model.inpaint(subject.place(read)))
        subject.networks = observed.networks
        has_networks = bool(observed.networks)
        if has_networks and count_breaks and not self._observed_before:
            self._graph_breaks = self._modules.instrumentation.graph_counts(observed.calls)[1]
        self._observed_before = True
        with self._modules.memory.peak_memory(subject.device) as peak:
            self._call = subject.prepare(self._setting, read)
            self.block(2)
        return {
            "parameters": observed.parameters if has_networks else None,
            "flops": observed.flops if has_networks else None,
            "graph breaks": self._graph_breaks,
            "peak memory": peak.get("allocated", peak["resident"]),
        }

    def block(self, calls: int) -> dict[str, Any]:
        """Time some calls."""
        device = self._subject.device
        clock = self._modules.clock.clock_for(device)
        with self._modules.execution.precision_context(self._setting.precision, device, autocast=False):
            timed = [clock.time(self._call) for _ in range(calls)]
        return {"seconds": [one.wall if one.device is None else one.device for one in timed]}


def _read_batch(file: str) -> Any:
    """A Batch of the version under test, from a file that `bench.profiling.inputs.write_batch` wrote."""
    import numpy as np
    import torch

    from bench.vocabulary import Batch

    with np.load(file) as arrays:
        image, hole = (torch.from_numpy(arrays[name]) for name in ("image", "hole"))
        labels = torch.from_numpy(arrays["labels"]) if "labels" in arrays else None
    return Batch(image, hole, labels, tuple(str(index) for index in range(len(image))), tuple(range(len(image))))


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    server: _Server | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            server = server or _Server()
            answer = getattr(server, request.pop("do"))(**request)
        except Exception as error:  # noqa: BLE001 (any error of the model is an answer)
            text = str(error).strip().splitlines()
            answer = {"error": f"{type(error).__name__}: {text[0] if text else ''}"[:400]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
