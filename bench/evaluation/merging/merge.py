"""Several folders with parts of one run to one: united, and every cell that became whole reduced."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.evaluation.merging.parts import Part, read_parts
from bench.evaluation.merging.pictures import copy_cell_pictures, copy_inputs, kept_pictures
from bench.evaluation.merging.records import unite_cell, write_parts
from bench.evaluation.merging.share import Share
from bench.evaluation.reduction.finish import finish_cell
from bench.evaluation.run_file import drift_of
from bench.image_files.finding import some
from bench.records import CellKey, ModelInfo, Run, RunInfo, RunLayout, locked, read_run, write_atomically
from bench.records.manifest import Manifest, write_manifest
from bench.reporting.run_again import command_of

__all__ = ["MergeOutcome", "MissingPictures", "merge_runs"]


@dataclass(frozen=True)
class MissingPictures:
    """What a cell lacks.

    Attributes:
        key: of the cell.
        samples: ids of the pictures, in order.
        shards: that they are of, counted from 0.
        total: pictures of a whole cell.
    """

    key: CellKey
    samples: tuple[str, ...]
    shards: tuple[int, ...]
    total: int

    def __str__(self) -> str:
        shards = some([str(shard) for shard in self.shards])
        return (
            f"{self.key.model} on {self.key.protocol} lacks {len(self.samples)} of {self.total} pictures "
            f"(the first is {self.samples[0]}; shards {shards})"
        )


@dataclass(frozen=True)
class MergeOutcome:
    """What came of a merge.

    Attributes:
        run: the united records.
        missing: what the cells that are not whole lack.
        shares: the shares that are missing, such as `3/8`.
        warnings: what the user should know.
    """

    run: Run
    missing: tuple[MissingPictures, ...]
    shares: tuple[str, ...]
    warnings: tuple[str, ...]


def merge_runs(folders: Sequence[Path], out: Path) -> MergeOutcome:
    """Unite runs, or shares of runs, in `out`; a run that lies there already takes part. The folders stay as they are.

    Neither pictures nor models are needed: the manifest of each folder says what its cells hold. The files of a cell
    that became whole are, byte for byte, those of one run of the whole.

    Raises:
        UsageError: the folders are not of one run, a file is damaged, or two folders hold different results of one
            sample; nothing is written.
        RunConflict: `out` holds files that no run wrote.
    """
    with locked(out):
        parts = read_parts(folders, out)
        info, manifest = _united_info(parts), _united_manifest(parts)
        layout = RunLayout(out)
        keys = Run(layout, info).keys()
        for key in keys:  # before anything is written
            unite_cell(parts, key, manifest)
        write_atomically(layout.run_file, info.to_json())
        write_manifest(layout, manifest)
        kept: dict[str, set[str]] = {}
        missing: list[MissingPictures] = []
        for protocol in info.protocols:
            of_protocol = [key for key in keys if key.protocol == protocol]
            values = [_write_cell(parts, layout, key, manifest, missing) for key in of_protocol]
            kept[protocol] = kept_pictures(manifest, info.gallery, protocol, values)
            for key in of_protocol:
                copy_cell_pictures(parts, layout, key, kept[protocol])
        copy_inputs(parts, layout, kept)
        if not missing:
            write_manifest(layout, replace(manifest, shares=1))
    warnings = (f"{part.layout.out}: {line}" for part in parts[1:] for line in drift_of(info, part.info))
    return MergeOutcome(read_run(out), tuple(missing), tuple(_shares(manifest, missing)), tuple(warnings))


def _write_cell(
    parts: Sequence[Part], layout: RunLayout, key: CellKey, manifest: Manifest, missing: list[MissingPictures]
) -> dict[str, float]:
    """Write a cell, whole or not; what it lacks is added to `missing`. Returns the values that rank its pictures."""
    recorded = unite_cell(parts, key, manifest)
    lacking = {name for name in manifest.samples if name not in recorded.whole}
    if lacking:
        shards = [place for place, shard in enumerate(manifest.shards()) if lacking.intersection(shard)]
        samples = tuple(name for name in manifest.samples if name in lacking)
        missing.append(MissingPictures(key, samples, tuple(shards), len(manifest.samples)))
        write_parts(layout, key, manifest, recorded)
    else:
        finish_cell(layout, key, manifest, recorded)
    ranked_by = manifest.protocols[key.protocol].ranked_by
    return {name: result.record.values.get(ranked_by, math.nan) for name, result in recorded.whole.items()}


def _united_info(parts: Sequence[Part]) -> RunInfo:
    """`run.json` of the first part, with the models of all."""
    first = parts[0].info
    models: dict[str, ModelInfo] = {}
    others: dict[str, str] = {}
    for part in parts:
        for model in part.info.models:
            known = models.setdefault(model.name, model)
            models[model.name] = replace(known, size=known.size or model.size)
        others = part.info.other_metrics | others
    info = replace(first, models=tuple(models.values()), other_metrics=others, gpu=None)
    return replace(info, command=command_of(info))


def _united_manifest(parts: Sequence[Part]) -> Manifest:
    first = parts[0].manifest
    protocols = {}
    for name, protocol in first.protocols.items():
        labels: dict[str, dict[str, str]] = {}
        for part in parts:
            labels |= part.manifest.protocols[name].labels
        protocols[name] = replace(protocol, labels=labels)
    return replace(first, protocols=protocols, shares=max(part.manifest.shares for part in parts))


def _shares(manifest: Manifest, missing: Sequence[MissingPictures]) -> Iterator[str]:
    """The shares that some missing picture is of."""
    shards = {shard for one in missing for shard in one.shards}
    for number in range(1, manifest.shares + 1 if manifest.shares > 1 else 1):
        share = Share(number, manifest.shares)
        if any(map(share.holds, shards)):
            yield str(share)
