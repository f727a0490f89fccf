"""The pictures of several folders of one run: those that grids show, those that are kept, and their holes."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import bench.metrics
from bench.evaluation.merging.parts import Part
from bench.metrics import MetricKey
from bench.records import CellKey, RunLayout, write_atomically
from bench.records.cases import worst_and_best
from bench.records.manifest import Manifest

__all__ = ["copy_cell_pictures", "copy_inputs", "kept_pictures"]

_SHOWN = {"gallery": r"(\.labels)?\.png$", "several": r"\.\d+(\.labels)?\.png$"}
"""Folders of a cell whose files the grids show, and what follows the sample's id in their names."""


def kept_pictures(
    manifest: Manifest, gallery: Collection[str], protocol: str, values: Iterable[Mapping[str, float]]
) -> set[str]:
    """Ids of the pictures of a protocol whose fills stay: those of grids, and the worst and best of every model.

    Args:
        gallery: ids of the pictures of grids; without any, no fill stays.
        values: of each cell of the protocol, sample id to the value that ranks it; NaN where it has none.
    """
    if not gallery:
        return set()
    key = manifest.protocols[protocol].ranked_by
    kept = set(gallery)
    for of_cell in values if key else ():
        sign = -1.0 if bench.metrics.definition(MetricKey.parse(key).metric).higher_is_better else 1.0
        costs = ((sign * value, sample) for sample, value in of_cell.items() if not math.isnan(value))
        worst, best = worst_and_best(costs)
        kept |= {sample for _, sample in (*worst, *best)}
    return kept


def copy_cell_pictures(parts: Sequence[Part], layout: RunLayout, key: CellKey, kept: Collection[str]) -> None:
    """Copy the pictures of a cell that stay, and all that `--keep-fills` kept; others that grids show are removed."""
    for part in parts:
        folder = part.layout.cell(key)
        for name, sample in _shown(folder):
            if sample in kept:
                _copy(folder / name, layout.cell(key) / name)
        for file in sorted((folder / "fills").rglob("*.png")):
            _copy(file, layout.cell(key) / file.relative_to(folder))
    for name, sample in list(_shown(layout.cell(key))):
        if sample not in kept:
            (layout.cell(key) / name).unlink()


def copy_inputs(parts: Sequence[Part], layout: RunLayout, kept: Mapping[str, Collection[str]]) -> None:
    """Copy the untouched pictures, label maps and holes of the pictures that stay; others are removed.

    Args:
        kept: protocol to the ids of its pictures that stay.
    """
    shown = {path.relative_to(layout.out) for path in _inputs(layout, kept)}
    for part in parts:
        for name in sorted(shown):
            if (part.layout.out / name).is_file():
                _copy(part.layout.out / name, layout.out / name)
    for path in (layout.gallery / "samples").rglob("*.png"):
        if path.relative_to(layout.out) not in shown:
            path.unlink()


def _inputs(layout: RunLayout, kept: Mapping[str, Collection[str]]) -> Iterator[Path]:
    for protocol, samples in kept.items():
        for name in samples:
            yield from (layout.truth(name), layout.labels(name), layout.hole(protocol, name))
            yield from (layout.removal_truth(protocol, name), layout.removal_labels(protocol, name))


def _shown(cell: Path) -> Iterator[tuple[Path, str]]:
    """Path under the cell and sample id of every picture that grids may show."""
    for folder, ending in _SHOWN.items():
        for file in sorted((cell / folder).rglob("*.png")):
            yield file.relative_to(cell), re.sub(ending, "", file.relative_to(cell / folder).as_posix())


def _copy(file: Path, target: Path) -> None:
    """Copy a file that is not there yet: two folders that hold one result hold one picture."""
    if not target.exists():
        write_atomically(target, file.read_bytes())
