"""`run.json` of a run: the one that is there, checked against the plan, and the one that is written."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import torch

from bench.errors import RunConflict, UsageError
from bench.evaluation.plan import Plan, signatures
from bench.records import (
    DatasetInfo,
    EnvironmentInfo,
    ModelInfo,
    ModelSize,
    RunInfo,
    read_run_info,
    write_atomically,
)
from bench.reporting.run_again import command_of
from bench.vocabulary import Inpainter

__all__ = ["read_earlier", "write_run_file"]

_LIBRARIES = ("numba", "numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy", "spgbench", "torch")

_IDENTITY = ("dataset", "protocols", "metrics", "seed", "gallery")
"""What makes a run the same run; models may join later."""


def read_earlier(plan: Plan) -> RunInfo | None:
    """The run that the output folder holds already, or None when the folder is empty.

    Raises:
        RunConflict: when the folder holds another run, or files that no run wrote.
    """
    path, out = plan.layout.run_file, plan.layout.out
    if plan.layout.packed_cells.exists():
        raise _conflict(out, f"a packed run, {plan.layout.packed_cells.name}, which is only read")
    if not path.exists():
        if out.is_dir() and any(not file.name.startswith(".") and file != plan.layout.log for file in out.iterdir()):
            raise _conflict(out, "files that no run wrote")
        return None
    try:
        earlier = read_run_info(path)
    except UsageError as error:
        raise _conflict(out, f"a damaged run.json ({error})") from error
    now = _describe(plan)
    unlike = [name for name in _IDENTITY if getattr(earlier, name) != getattr(now, name)]
    if unlike:
        raise _conflict(out, f"a run with another {', another '.join(unlike)}")
    return earlier


def write_run_file(plan: Plan, earlier: RunInfo | None, sizes: Mapping[str, ModelSize]) -> list[str]:
    """Write `run.json`: the plan, and the models that an earlier run in the folder had; returns warnings.

    Args:
        plan: what is run now.
        earlier: as `read_earlier` returned it.
        sizes: of the plan's models by name, where they are known.
    """
    info = _describe(plan)
    models = {model.name: replace(model, size=sizes.get(model.name)) for model in info.models}
    if earlier is None:
        info = replace(info, models=tuple(models.values()))
        warnings = []
    else:
        merged = {model.name: model for model in earlier.models} | models
        warnings = list(_drift(earlier, info))
        versions, environment = earlier.versions, earlier.environment
        info = replace(info, models=tuple(merged.values()), versions=versions, environment=environment)
    info = replace(info, command=command_of(info))
    warnings += info.weight_warnings
    write_atomically(plan.layout.run_file, info.to_json())
    return warnings


def _describe(plan: Plan) -> RunInfo:
    suite, dataset = plan.suite, plan.dataset
    models = {cell.model.name: cell.model for cell in plan.cells}.values()
    return RunInfo(
        suite=suite.name,
        dataset=DatasetInfo(
            name=dataset.name,
            revision=dataset.revision,
            split=suite.split,
            size=suite.size,
            limit=suite.limit,
            n=len(dataset),
            classes=tuple(dataset.classes),
            root=suite.data_root,
        ),
        protocols=tuple(protocol.name for protocol in plan.protocols),
        metrics=signatures(plan),
        seed=suite.seed,
        models=tuple(_model_info(model, plan.given.get(model.name, "")) for model in models),
        gallery=tuple(dataset.ids[index] for index in plan.gallery()),
        gate=dict(suite.gate),
        unavailable=dict(plan.measurement.unavailable),
        versions={library: version(library) for library in _LIBRARIES},
        environment=EnvironmentInfo(
            python=platform.python_version(),
            machine=platform.machine(),
            system=platform.system(),
            device=torch.cuda.get_device_name(plan.device) if plan.device.startswith("cuda") else "cpu",
        ),
        judge=suite.judge if plan.judge is None else "",
        given=_protocols_given(plan),
    )


def _model_info(model: Inpainter, given: str) -> ModelInfo:
    signature, weights = getattr(model, "signature", None), getattr(model, "weights", None)
    labels = model.label_sources.as_dict()
    return ModelInfo(model.name, model.fingerprint, labels, signature, weights=weights, given=given)


def _protocols_given(plan: Plan) -> dict[str, str]:
    """Masks from files: the name of the protocol holds the folder's name alone."""
    pairs = zip(plan.protocols, plan.suite.protocols, strict=True)
    return {protocol.name: text for protocol, text in pairs if ":" in text}


def _drift(earlier: RunInfo, now: RunInfo) -> Iterator[str]:
    """What changed around a run since it was begun."""
    for before, after in (
        (earlier.versions, now.versions),
        (asdict(earlier.environment), asdict(now.environment)),
    ):
        for name, value in after.items():
            if before.get(name) != value:
                yield f"{name} was {before.get(name)} when this run began and is {value} now"


def _conflict(out: Path, found: str) -> RunConflict:
    return RunConflict(
        f"output folder {out}", "be empty or hold this run", found, "Choose another with -o, or delete it."
    )
