"""`run.json` of a run: the one that is there, checked against the plan, and the one that is written."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import torch

from bench.data.known_splits import names_of_split
from bench.data.selection import SplitList
from bench.errors import RunConflict, UsageError
from bench.evaluation.plan import Plan
from bench.masks.edit_names import split_edit
from bench.records import (
    CellKey,
    DatasetInfo,
    EnvironmentInfo,
    GpuUse,
    ModelInfo,
    ModelSize,
    RunInfo,
    RunLayout,
    SplitListInfo,
    WeightsInfo,
    read_run_info,
    write_atomically,
)
from bench.records.cell_store import recorded_revisions
from bench.records.files import sync_folder
from bench.records.published import PublishedFigure
from bench.removal import task_of
from bench.reporting.run_again import command_of
from bench.vocabulary import Inpainter

__all__ = ["add_gpu_use", "drift_of", "read_earlier", "refuse_other_files", "write_run_file"]

_LIBRARIES = ("numba", "numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy", "spgbench", "torch")

_COST = {"profile", "load"}
"""Folders of `spgbench profile`, which may come before a run."""

_OF_DATASET = ("name", "split", "size", "rules", "classes")
"""What makes a data set the same one: a run may grow by pictures, protocols, models and metrics."""


def read_earlier(plan: Plan) -> RunInfo | None:
    """The run that the output folder holds already, or None when the folder is empty.

    Raises:
        RunConflict: when the folder holds another run, or files that no run wrote.
    """
    path, out = plan.layout.run_file, plan.layout.out
    refuse_other_files(plan.layout)
    if not path.exists():
        return None
    try:
        earlier = read_run_info(path)
    except UsageError as error:
        raise _conflict(out, f"a damaged run.json ({error})") from error
    if not earlier.dataset.rules:
        raise _conflict(out, "a run of an earlier format, which is only read")
    unlike = list(_unlike(plan, earlier))
    if unlike:
        raise _conflict(out, f"a run with another {', another '.join(unlike)}")
    return earlier


def refuse_other_files(layout: RunLayout) -> None:
    """Raise RunConflict when an output folder holds a packed run, or files that no run wrote."""
    if layout.packed_cells.exists():
        raise _conflict(layout.out, f"a packed run, {layout.packed_cells.name}, which is only read")
    if layout.run_file.exists() or not layout.out.is_dir():
        return
    if not _is_usable({file.name for file in layout.out.iterdir()} - {layout.log.name}):
        raise _conflict(layout.out, "files that no run wrote")


def _is_usable(names: set[str]) -> bool:
    """Whether a folder with files of these names is empty, or holds measurements of cost alone."""
    seen = {name for name in names if not name.startswith(".")}
    return not seen or bool(seen & _COST and seen <= _COST | {"tables", "plots"})


def _unlike(plan: Plan, earlier: RunInfo) -> Iterator[str]:
    """What makes the earlier run another one."""
    now, before = _dataset(plan), earlier.dataset
    if any(getattr(now, name) != getattr(before, name) for name in _OF_DATASET) or not _shares_pictures(plan, before):
        yield "dataset"
    recorded = earlier.metrics | earlier.other_metrics
    other = {name.partition(".")[0] for name, text in plan.signatures.items() if recorded.get(name, text) != text}
    if other:
        yield f"definition of {', '.join(sorted(other))}"
    if plan.suite.seed != earlier.seed:
        yield "seed"


def _shares_pictures(plan: Plan, before: DatasetInfo) -> bool:
    """Whether a recorded picture is one of the plan's, if any is recorded: a folder of other pictures has none."""
    if before.revision == plan.revision:
        return True
    recorded = False
    for folder in plan.layout.cells.glob(f"*/*/*/{CellKey('', '', '', before.name, before.rules).path.name}"):
        for sample, revisions in recorded_revisions(folder).items():
            if plan.revisions.get(sample) in revisions:
                return True
            recorded = True
    return not recorded


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
        measured = earlier.metrics | earlier.other_metrics
        others = {name: text for name, text in measured.items() if name not in info.metrics}
        warnings = list(drift_of(earlier, info))
        versions, environment = earlier.versions, earlier.environment
        info = replace(
            info,
            models=tuple(merged.values()),
            other_metrics=others,
            versions=versions,
            environment=environment,
            published=info.published or earlier.published,
            gpu=earlier.gpu,
        )
    info = replace(info, command=command_of(info))
    warnings += info.weight_warnings
    write_atomically(plan.layout.run_file, info.to_json(), durable=True)
    sync_folder(plan.layout.out)  # records without a `run.json` would be nobody's
    return warnings


def add_gpu_use(layout: RunLayout, gpu: GpuUse) -> None:
    """Write into `run.json` how busy the GPU was."""
    write_atomically(layout.run_file, replace(read_run_info(layout.run_file), gpu=gpu).to_json(), durable=True)


def _describe(plan: Plan) -> RunInfo:
    suite = plan.suite
    models = {cell.model.name: cell.model for cell in plan.cells if not cell.only_recorded}.values()
    protocols = tuple(protocol.name for protocol in plan.protocols)
    return RunInfo(
        suite=suite.name,
        dataset=_dataset(plan),
        protocols=protocols,
        metrics=plan.signatures,
        seed=suite.seed,
        models=tuple(_model_info(model, plan.given.get(model.name, "")) for model in models),
        asked=plan.asked,
        gallery=tuple(plan.gallery),
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
        mask_sets=_mask_sets(plan),
        given=_protocols_given(plan),
        tasks={one.name: task for one in plan.protocols if (task := task_of(one)) != "completion"},
        published=tuple(_published(plan)),
    )


def _model_info(model: Inpainter, given: str) -> ModelInfo:
    signature, weights = getattr(model, "signature", None), getattr(model, "weights", None)
    labels = model.label_sources.as_dict()
    ours = (
        weights if isinstance(weights, WeightsInfo) else None
    )  # a model from elsewhere may keep anything under this name
    return ModelInfo(model.name, model.fingerprint, labels, signature, weights=ours, given=given)


def _protocols_given(plan: Plan) -> dict[str, str]:
    """Masks from files: the name of the protocol holds the folder's name alone."""
    pairs = zip(plan.protocols, plan.suite.protocols, strict=True)
    return {protocol.name: text for protocol, text in pairs if ":" in _holes_of(text)}


def _holes_of(protocol: str) -> str:
    """The protocol that cuts the holes of one with an edit; any other itself."""
    edit = split_edit(protocol)
    return edit.hole if edit else protocol


def _published(plan: Plan) -> Iterator[PublishedFigure]:
    """The suite's figures, under the protocols' full names."""
    names = dict(zip(plan.suite.protocols, (protocol.name for protocol in plan.protocols), strict=True))
    return (replace(one, protocol=names.get(one.protocol, one.protocol)) for one in plan.suite.published)


def _mask_sets(plan: Plan) -> dict[str, str]:
    """The published sets that masks from files are."""
    found = {protocol.name: str(getattr(protocol, "published", "")) for protocol in plan.protocols}
    return {name: published for name, published in found.items() if published}


def _split_list(plan: Plan) -> SplitListInfo | None:
    chosen = getattr(plan.dataset.dataset, "split_list", None)
    if not isinstance(chosen, SplitList):
        return None
    return SplitListInfo(chosen.file, chosen.sha256, len(chosen.ids), names_of_split(chosen.ids))


def _dataset(plan: Plan) -> DatasetInfo:
    suite, dataset = plan.suite, plan.dataset
    return DatasetInfo(
        name=dataset.name,
        revision=plan.revision,
        split=suite.split,
        size=suite.size,
        limit=suite.limit,
        n=len(dataset),
        classes=tuple(dataset.classes),
        root=suite.data_root,
        rules=dataset.rules,
        split_list=_split_list(plan),
    )


def drift_of(earlier: RunInfo, now: RunInfo) -> Iterator[str]:
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
