"""Write the records of a whole cell in their order, and reduce them to `cell.json`."""

from __future__ import annotations

from dataclasses import replace

import bench.metrics
from bench.evaluation.aggregation import reduce_cell
from bench.evaluation.reuse.selection import Recorded
from bench.evaluation.set_metrics import with_set_metrics
from bench.records import CellKey, RunLayout, write_cell
from bench.records.cell_store import write_results
from bench.records.manifest import Manifest
from bench.runtime.garbage import collector_paused

__all__ = ["finish_cell"]


@collector_paused()
def finish_cell(layout: RunLayout, key: CellKey, manifest: Manifest, recorded: Recorded) -> None:
    """Write a cell, all of whose pictures are recorded: records, features, `cell.json` and the marker."""
    protocol = manifest.protocols[key.protocol]
    found = {**recorded.partial, **recorded.whole}
    files = [[found[name] for name in file] for file in manifest.files()]
    written = write_results(layout, key, files, recorded.others, with_features=bool(protocol.sets))
    records = [result.record for file in files for result in file]
    reduced = reduce_cell(key, protocol.labels[key.model], records, protocol.signatures, manifest.classes)
    if protocol.sets:
        of_sets = [bench.metrics.definition(name) for name in protocol.sets]
        reduced = with_set_metrics(reduced, layout.cell(key), of_sets, protocol.signatures)
    empty = {name for name, score in reduced.metrics.items() if score.n == 0}
    undefined = {name: why for name, why in protocol.undefined.items() if name in empty}
    reduced = replace(reduced, notes={**reduced.notes, **undefined, **protocol.refused})
    write_cell(layout, reduced, len(files), protocol.asked, written)
