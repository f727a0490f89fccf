"""One side of a comparison: a script that any version of the package can run, driven by JSON lines on stdin.

It is run by its path, so that the same meter times both sides. Of the version under test it needs `bench.models.load`
and the fields of a Batch; its neighbours here are read by path and need torch alone. What the model prints goes to
stderr. Every line in is an object with `do`; every line out is the answer, or `{"error": ...}`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_PROFILING = Path(__file__).parent
_MODELS = _PROFILING.with_name("models")


def _of_this_version(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_meter_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class _Side:
    """The model, and the batch that it is timed on."""

    def __init__(self) -> None:
        files = [_PROFILING / f"{name}.py" for name in ("arithmetic", "clock", "memory")]
        modules = map(_of_this_version, [*files, _MODELS / "instrumentation.py"])
        self._arithmetic, self._clock, self._memory, self._observe = modules
        self._device = "cpu"
        self._setting: dict[str, str] = {}
        self._model: Any = None
        self._batch: Any = None
        self._seen: Any = None
        self._breaks: int | None = None

    def load(self, model: str, device: str, load: str, threads: int | None) -> dict[str, Any]:
        """Make the model; tells where its package lies."""
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        module, _, function = load.partition(":")
        self._device = device
        self._model = getattr(importlib.import_module(module), function)(model, device)
        package = importlib.import_module("bench").__file__
        return {"package": package, "torch": torch.__version__, "fingerprint": self._model.fingerprint}

    def prepare(self, pictures: str, setting: dict[str, str], count_breaks: bool) -> dict[str, Any]:
        """Take a batch from a file and make the model ready for it; tells what is exact about a call.

        Graph breaks are looked for once: the compiler takes its time, and they do not depend on the size.
        """
        first = self._seen is None
        self._setting = setting
        for network in self._networks():
            network._compiled_call_impl = None
            network.to(memory_format=self._order("contiguous"))
        self._batch = self._read(pictures)
        with self._arithmetic.arithmetic("fp32", self._device):
            self._seen = self._observe.observe(lambda: self._model.inpaint(self._batch))
        torch_backed = bool(self._seen.networks)
        if first and torch_backed and count_breaks:
            self._breaks = self._observe.graph_counts(self._seen.calls)[1]
        for network in self._networks():
            network.to(memory_format=self._order(setting["memory_format"]))
            if setting["mode"] != "eager":
                backend = "inductor" if setting["mode"] == "compile" else "cudagraphs"
                network.compile(dynamic=False, backend=backend)
        self._batch = self._read(pictures)
        with self._memory.peak_memory(self._device) as peak:
            self.block(2)
        return {
            "parameters": self._seen.parameters if torch_backed else None,
            "flops": self._seen.flops if torch_backed else None,
            "graph breaks": self._breaks,
            "peak memory": peak.get("allocated", peak["resident"]),
        }

    def block(self, calls: int) -> dict[str, Any]:
        """Time some calls."""
        clock = self._clock.clock_for(self._device)
        with self._arithmetic.arithmetic(self._setting["precision"], self._device, autocast=False):
            timed = [clock.time(self._call) for _ in range(calls)]
        return {"seconds": [one.wall if one.device is None else one.device for one in timed]}

    def _call(self) -> Any:
        import torch

        with self._arithmetic.autocast_of(self._setting["precision"], self._device):
            if self._setting["mode"] == "cuda-graphs":
                torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]  # of torch
            return self._model.inpaint(self._batch)

    def _networks(self) -> tuple[Any, ...]:
        return () if self._seen is None else tuple(self._seen.networks)

    def _order(self, name: str) -> Any:
        import torch

        return torch.channels_last if name == "channels-last" else torch.contiguous_format

    def _read(self, file: str) -> Any:
        import numpy as np
        import torch

        from bench.vocabulary import VOID, Batch

        with np.load(file) as arrays:
            image, hole, labels = (torch.from_numpy(arrays[name]) for name in ("image", "hole", "labels"))
        axes = getattr(self._model, "label_sources", None) or self._model.labels  # the name in earlier versions
        shown = None
        if "oracle" in (axes.context, axes.hole):
            shown = labels if axes.hole == "oracle" else labels.masked_fill(hole[:, 0], VOID)
        if self._networks():
            image = image.to(self._device).contiguous(memory_format=self._order(self._setting["memory_format"]))
            hole = hole.to(self._device)
            shown = None if shown is None else shown.to(self._device)
        return Batch(image, hole, shown, tuple(str(i) for i in range(len(image))), tuple(range(len(image))))


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    side: _Side | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            side = side or _Side()
            answer = getattr(side, request.pop("do"))(**request)
        except Exception as error:  # noqa: BLE001 (the other side of the pipe says so)
            text = str(error).strip().splitlines()
            answer = {"error": f"{type(error).__name__}: {text[0] if text else ''}"[:400]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
