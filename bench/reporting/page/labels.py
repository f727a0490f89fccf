"""What the page knows of label maps: which classes they hold, their colours, and how much of each a hole covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.image_files.decode import read_stored
from bench.records import CellKey, Run
from bench.reporting.images.palette import class_colour
from bench.reporting.page.pictures import PagePictures
from bench.vocabulary import VOID

__all__ = ["label_data"]


def label_data(
    run: Run, samples: Sequence[str], grid: Sequence[Sequence[CellKey]], pictures: PagePictures
) -> dict[str, Any]:
    """Plain lists and dictionaries for JSON; the label maps that they name are added to `pictures`.

    Args:
        run: what was run.
        samples: those of the gallery.
        grid: a list of cells a protocol, of one a model.
        pictures: what the page shows.

    Returns:
        `labels` by sample, `labelsWithout` by protocol and sample, of pictures without what a removal takes out, and
        `predicted` by protocol, model and sample: a picture and the classes in it, or None.
        `covered` by protocol and sample: missing pixels in all and of every true class, or None. `classes`: name and
        colour of every class that occurs.
    """
    layout = run.layout
    true = [_map(layout.labels(sample), pictures) for sample in samples]
    predicted = [
        [[_map(layout.predicted_labels(key, sample), pictures) for sample in samples] for key in keys] for keys in grid
    ]
    without = [
        [
            _map(layout.removal_labels(protocol, sample), pictures) if protocol in run.info.tasks else None
            for sample in samples
        ]
        for protocol in run.info.protocols
    ]
    rows = [true, *without, *(row for keys in predicted for row in keys)]
    maps = [one for row in rows for one in row]
    occurring = {label for one in maps if one for label in one["classes"]}
    protocols = run.info.protocols
    return {
        "labels": true,
        "labelsWithout": without,
        "predicted": predicted,
        "covered": [[_covered(run, protocol, sample) for sample in samples] for protocol in protocols],
        "classes": _classes(occurring, run.info.dataset.classes),
    }


def _map(path: Path, pictures: PagePictures) -> dict[str, Any] | None:
    if not path.exists():
        return None
    return {"picture": pictures.labels(path), "classes": np.unique(read_stored(path, "L")).tolist()}


def _covered(run: Run, protocol: str, sample: str) -> dict[str, Any] | None:
    labels, hole = run.layout.labels(sample), run.layout.hole(protocol, sample)
    if not (labels.exists() and hole.exists()):
        return None
    found = read_stored(labels, "L")
    missing = found[read_stored(hole, "L", found.shape) >= 128]
    counts = np.bincount(missing, minlength=VOID + 1).tolist()
    return {"pixels": missing.size, "classes": {label: n for label, n in enumerate(counts[:VOID]) if n}}


def _classes(labels: Iterable[int], names: Sequence[str]) -> dict[int, dict[str, Any]]:
    return {label: {"name": _name(label, names), "colour": class_colour(label)} for label in sorted(labels)}


def _name(label: int, names: Sequence[str]) -> str:
    if label == VOID:
        return "unlabelled"
    return names[label] if label < len(names) else f"class {label}"
