"""The folders that a merge takes: each a run or a share of one, and all of them of one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.errors import UsageError
from bench.evaluation.run_file import refuse_other_files
from bench.records import RunInfo, RunLayout, read_run_info
from bench.records.manifest import Manifest, read_manifest

__all__ = ["Part", "read_parts"]

_FIX = "Run all shares with one command, one version of spgbench and the same files."


@dataclass(frozen=True)
class Part:
    """One folder.

    Attributes:
        layout: its paths.
        info: its `run.json`.
        manifest: its pictures, and what its cells hold.
    """

    layout: RunLayout
    info: RunInfo
    manifest: Manifest


def read_parts(folders: Sequence[Path], out: Path) -> list[Part]:
    """Open the folders, and behind them `out` where it holds a run already.

    Raises:
        UsageError: there is no folder, one is named twice, holds no run or a packed one, or is of another run.
        RunConflict: `out` holds files that no run wrote.
    """
    if not folders:
        raise UsageError("folders to merge", "be named", "none", "Give the output folders of all shares.")
    named: dict[Path, str] = {out.resolve(): f"{out}, as -o"}
    for folder in folders:
        if (first := named.get(folder.resolve())) is not None:
            fix = "Name it once. A run that lies in the folder of -o already takes part."
            raise UsageError(f"folder {folder}", "be named once", f"it twice ({first})", fix)
        named[folder.resolve()] = str(folder)
    parts = [_read(folder) for folder in folders]
    layout = RunLayout(out)
    refuse_other_files(layout)
    if layout.run_file.exists():
        parts.append(_read(out))
    for part in parts[1:]:
        _refuse_another(parts[0], part)
    _refuse_other_models(parts)
    return parts


def _read(folder: Path) -> Part:
    layout = RunLayout(folder)
    if layout.packed_cells.exists():
        fix = "Name the folder that was packed: a packed run has neither features nor pictures."
        raise UsageError(f"folder {folder}", "hold cells/", f"a packed run, {layout.packed_cells.name}", fix)
    return Part(layout, read_run_info(layout.run_file), read_manifest(layout))


def _refuse_another(first: Part, other: Part) -> None:
    found = list(_unlike(first, other))
    if found:
        folders = f"folders {first.layout.out} and {other.layout.out}"
        raise UsageError(folders, "hold parts of one run", f"another {', another '.join(found)}", _FIX)


def _unlike(first: Part, other: Part) -> Iterator[str]:
    """What makes two parts those of two runs."""
    mine, theirs = _facts(first), _facts(other)
    for name, value in mine.items():
        if value != theirs[name]:
            shown = f" ({value} and {theirs[name]})" if isinstance(value, int | str) and len(str(value)) <= 40 else ""
            yield f"{name}{shown}"


def _facts(part: Part) -> dict[str, object]:
    info, manifest = part.info, part.manifest
    dataset = info.dataset
    rules = {name: {**asdict(one), "labels": {}} for name, one in manifest.protocols.items()}
    return {
        "suite": info.suite,
        "data set": dataset.name,
        "split": dataset.split,
        "picture size": dataset.size,
        "limit": dataset.limit,
        "split list": dataset.split_list.sha256 if dataset.split_list else "",
        "revision of the data set": (dataset.revision, dataset.rules, manifest.samples, manifest.revisions),
        "list of classes": (dataset.classes, manifest.classes),
        "seed": info.seed,
        "list of protocols": info.protocols,
        "list or definition of metrics": info.metrics,
        "judge": info.judge,
        "set of gallery pictures": info.gallery,
        "code version": manifest.code[:12],
        "rule of what a cell holds": (manifest.shard_size, rules),
    }


def _refuse_other_models(parts: Sequence[Part]) -> None:
    """Raise UsageError where two parts mean two models by one name."""
    seen: dict[str, tuple[str, Path]] = {}
    for part in parts:
        for model in part.info.models:
            fingerprint, folder = seen.setdefault(model.name, (model.fingerprint, part.layout.out))
            if fingerprint != model.fingerprint:
                must = f"be one model in {folder} and {part.layout.out}"
                found = f"other weights, options or code (fingerprints {fingerprint[:12]} and {model.fingerprint[:12]})"
                raise UsageError(f"model '{model.name}'", must, found, _FIX)
