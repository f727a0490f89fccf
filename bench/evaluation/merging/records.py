"""The records and features of one cell out of several folders: equal ones once, differing ones refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.errors import UsageError
from bench.evaluation.merging.parts import Part
from bench.evaluation.reuse.selection import Recorded, sort_results
from bench.records import CellKey, Record, RunLayout
from bench.records.cell_store import Damage, Results, SampleResult, read_results, write_batch
from bench.records.manifest import Manifest
from bench.records.schema import record_to_line

__all__ = ["unite_cell", "write_parts"]

_FIX = "Delete the records of one of them, or run that share again with --reuse never."
_MEND = "Give the `spgbench run` command of this folder again: it runs the pictures of this file alone."


def unite_cell(parts: Sequence[Part], key: CellKey, manifest: Manifest) -> Recorded:
    """All results of a cell.

    Raises:
        UsageError: a file is damaged, or two folders hold different results of one sample.
    """
    united: Results = {}
    places: dict[str, Part] = {}
    for part in parts:
        damaged: list[Damage] = []
        found = _sorted(manifest, key, read_results(part.layout, key, damaged))
        for damage in damaged:
            raise UsageError(f"file {damage.file}", "be as the run wrote it", damage.found, _MEND)
        for result in (*found.whole.values(), *found.partial.values(), *found.others):
            sample = result.record.sample
            if sample in united and result.record.revision == united[sample][-1].record.revision:
                _refuse_difference(key, (united[sample][-1], places[sample]), (result, part))
            united.setdefault(sample, []).append(result)
            places[sample] = part
    return _sorted(manifest, key, united)


def write_parts(layout: RunLayout, key: CellKey, manifest: Manifest, recorded: Recorded) -> None:
    """Write what there is of a cell that lacks pictures, a batch a shard."""
    found = {**recorded.partial, **recorded.whole}
    for shard in manifest.shards():
        batch = [found[name] for name in shard if name in found]
        if batch:
            write_batch(layout, key, batch)


def _sorted(manifest: Manifest, key: CellKey, results: Results) -> Recorded:
    asked = manifest.protocols[key.protocol]
    return sort_results(manifest.revision_of, results, asked.values, asked.features, {})


def _refuse_difference(key: CellKey, one: tuple[SampleResult, Part], other: tuple[SampleResult, Part]) -> None:
    (first, mine), (second, theirs) = one, other
    found = _difference(first, second)
    if found:
        subject = f"sample '{first.record.sample}' of {key.model} on {key.protocol}"
        must = f"have one result in {mine.layout.out} and {theirs.layout.out}"
        raise UsageError(subject, must, found, _FIX)


def _difference(first: SampleResult, second: SampleResult) -> str:
    """What two results of one sample have in common and not equal, or nothing."""
    mine, theirs = first.record, second.record
    values = mine.values.keys() & theirs.values.keys()
    if _comparable(mine, values) != _comparable(theirs, values):
        names = ("status", "reason", "output_sha256", "hole_sha256", "image_sha256", "removed_sha256", "edit_sha256")
        unlike = [name for name in names if getattr(mine, name) != getattr(theirs, name)]
        unlike += [name for name in sorted(values) if not _equal(mine.values[name], theirs.values[name])]
        return f"another {', '.join(unlike[:4]) or 'record'}"
    kinds = first.features.keys() & second.features.keys()
    unlike = [name for name in sorted(kinds) if not np.array_equal(first.features[name], second.features[name])]
    return f"other features {', '.join(unlike)}" if unlike else ""


def _comparable(record: Record, values: set[str]) -> str:
    """The record as a line; without the traceback, which names paths of its machine."""
    common = {name: record.values[name] for name in values}
    return record_to_line(replace(record, values=common, traceback=""))


def _equal(first: float, second: float) -> bool:
    return first == second or (first != first and second != second)  # noqa: PLR0124 (NaN)
