"""A suite resolved: catalogues looked up, cells and shards laid out, `run.json` written."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import bench.data
import bench.masks
import bench.metrics
import bench.models
from bench.errors import RunConflict, UsageError
from bench.evaluation.measurement import Measurement, prepare
from bench.evaluation.model_size import measure_model_size
from bench.evaluation.suite import Suite
from bench.records import FORMAT, CellKey, RunLayout, dump, write_atomically
from bench.vocabulary import CellBound, Dataset, Inpainter, Judge, Protocol

__all__ = ["SHARD_SIZE", "Cell", "Plan", "resolve", "signatures", "write_run_file"]

SHARD_SIZE = 16
"""Samples a shard: what is done again at most after a kill. Never depends on the number of workers."""

_LIBRARIES = ("numba", "numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy", "spgbench", "torch")


@dataclass(frozen=True)
class Cell:
    """One (model, protocol) on the run's dataset, ready to run."""

    key: CellKey
    model: Inpainter
    protocol: Protocol


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs, looked up and ready.

    Attributes:
        judge: a judge that goes in the place of the suite's.
        device: where networks work.
    """

    suite: Suite
    dataset: Dataset
    protocols: tuple[Protocol, ...]
    cells: tuple[Cell, ...]
    layout: RunLayout
    device: str = "cpu"
    judge: Judge | None = None

    @cached_property
    def measurement(self) -> Measurement:
        """What is measured; found out at first use, since judges and weights are large. Raises as `prepare` does."""
        return prepare(self.suite.metrics, self.judge or self.suite.judge, self.dataset, self.device)

    def shards(self) -> list[range]:
        """Sample indices, cut in fixed steps."""
        n = len(self.dataset)
        return [range(start, min(start + SHARD_SIZE, n)) for start in range(0, n, SHARD_SIZE)]

    def shard_ids(self, shard: int) -> list[str]:
        """The sample ids of a shard, in order."""
        return [self.dataset.ids[index] for index in self.shards()[shard]]

    def gallery(self) -> list[int]:
        """Indices of the samples whose pictures are kept, spread evenly."""
        n, kept = len(self.dataset), min(self.suite.gallery, len(self.dataset))
        return [index * n // kept for index in range(kept)]


def resolve(
    suite: Suite,
    out: Path,
    device: str = "cpu",
    dataset: Dataset | None = None,
    models: Sequence[str | Inpainter] | None = None,
    judge: Judge | None = None,
) -> Plan:
    """Look up everything that `suite` names; what is at hand (`dataset`, `models`, `judge`) goes in its place.

    Raises:
        UnknownName: for a name that no catalogue holds, with suggestions.
        UsageError: when a model or protocol is named twice, or a data set, mask set or model cannot be read.
    """
    for metric in suite.metrics:
        bench.metrics.METRICS.find(metric)
    protocols = tuple(bench.masks.get(name) for name in suite.protocols)
    wanted = suite.models if models is None else models
    _refuse_doubles("protocol", [protocol.name for protocol in protocols])
    if dataset is None:
        size = bench.data.parse_size(suite.size)
        dataset = bench.data.load(suite.dataset, suite.split, size, suite.data_root, suite.limit)
    every = [
        bench.models.load_for_run(model, device, dataset.name) if isinstance(model, str) else model for model in wanted
    ]
    _refuse_doubles("model", [model.name for model in every])
    cells = tuple(_cell(model, protocol, dataset) for model in every for protocol in protocols)
    return Plan(suite, bench.data.Cached(dataset), protocols, cells, RunLayout(out), device, judge)


def _cell(model: Inpainter, protocol: Protocol, dataset: Dataset) -> Cell:
    bound = model.bind(protocol.name, dataset.ids) if isinstance(model, CellBound) else model
    return Cell(CellKey(model.name, model.fingerprint, protocol.name, dataset.name, dataset.revision), bound, protocol)


def _refuse_doubles(kind: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{kind} {twice[0]}", "be named once", "it twice", "Name a second one NEWNAME=MODEL.")


def write_run_file(plan: Plan, device: str) -> list[str]:
    """Write `run.json`, or extend the one that is there by new models; returns warnings.

    Raises:
        RunConflict: when the folder holds another run, or files that no run wrote.
    """
    info = _describe(plan, device)
    path = plan.layout.run_file
    warnings: list[str] = []
    models: dict[str, dict[str, Any]] = {}
    if path.exists():
        try:
            earlier = json.loads(path.read_text(encoding="utf-8"))
            unlike = [key for key in _IDENTITY if earlier[key] != info[key]]
            models = {model["name"]: model for model in earlier["models"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _conflict(plan.layout.out, f"a damaged run.json ({error!r})") from error
        if unlike:
            raise _conflict(plan.layout.out, f"a run with another {', another '.join(unlike)}")
        warnings = _drift(earlier, info)
        info["versions"], info["environment"] = earlier["versions"], earlier["environment"]
    elif plan.layout.out.is_dir() and any(not p.name.startswith(".") for p in plan.layout.out.iterdir()):
        raise _conflict(plan.layout.out, "files that no run wrote")
    asked = {model["name"]: _sized(plan, model, models.get(model["name"])) for model in info["models"]}
    info["models"] = list((models | asked).values())
    write_atomically(path, dump(info))
    return warnings


_IDENTITY = ("dataset", "protocols", "metrics", "seed", "gallery")
"""What makes a run the same run; models may join later."""


def _describe(plan: Plan, device: str) -> dict[str, Any]:
    suite, dataset = plan.suite, plan.dataset
    models = {cell.model.name: cell.model for cell in plan.cells}.values()
    return {
        "format": FORMAT,
        "suite": suite.name,
        "dataset": {
            "name": dataset.name,
            "split": suite.split,
            "size": suite.size,
            "limit": suite.limit,
            "revision": dataset.revision,
            "n": len(dataset),
            "classes": list(dataset.classes),
        },
        "protocols": [protocol.name for protocol in plan.protocols],
        "metrics": signatures(plan),
        **_left_out(plan),
        "seed": suite.seed,
        "gate": dict(suite.gate),
        "models": [_model_facts(model) for model in models],
        "gallery": [dataset.ids[index] for index in plan.gallery()],
        "versions": {library: version(library) for library in _LIBRARIES},
        "environment": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
            "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu",
        },
    }


def _model_facts(model: Inpainter) -> dict[str, Any]:
    """Name, fingerprint and label sources, and in words what a model from elsewhere is given, where it says so."""
    facts = {"name": model.name, "fingerprint": model.fingerprint, "labels": model.labels.as_dict()}
    signature = getattr(model, "signature", None)
    return facts if signature is None else {**facts, "signature": signature}


def _sized(plan: Plan, facts: dict[str, Any], earlier: dict[str, Any] | None) -> dict[str, Any]:
    """The facts with the model's size on the first picture, where it is known or can be found out."""
    if earlier and earlier["fingerprint"] == facts["fingerprint"] and "size" in earlier:
        return {**facts, "size": earlier["size"]}
    model = next(cell.model for cell in plan.cells if cell.model.name == facts["name"])
    size = measure_model_size(model, plan.dataset[0])
    return facts if size is None else {**facts, "size": size}


def _left_out(plan: Plan) -> dict[str, dict[str, str]]:
    """`unavailable`: metrics that were asked for to why they are not there; nothing where all are."""
    unavailable = plan.measurement.unavailable
    return {"unavailable": unavailable} if unavailable else {}


def signatures(plan: Plan) -> dict[str, str]:
    """`metric.region` to its signature, for every number that a cell of the plan holds."""
    height, width = plan.dataset[0].image.shape[:2]
    size = "native" if plan.suite.size == "native" else f"{height}x{width}"
    return plan.measurement.signatures(height, width, size)


def _drift(earlier: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What changed around a run since it was begun."""
    return [
        f"{name} was {earlier[group].get(name)} when this run began and is {value} now"
        for group in ("versions", "environment")
        for name, value in now[group].items()
        if earlier[group].get(name) != value
    ]


def _conflict(out: Path, found: str) -> RunConflict:
    return RunConflict(
        f"output folder {out}", "be empty or hold this run", found, "Choose another with -o, or delete it."
    )
