"""Published figures beside a suite: `NAME.references.yaml` for the suite `NAME.yaml`, or `references.yaml`.

Every figure is checked, as the keys of a suite are: what is left out, misspelled or there twice is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import bench.masks
import bench.metrics
from bench.errors import UnknownName, UsageError
from bench.evaluation.yaml_files import read_yaml, shown
from bench.metrics import METRICS, MetricKey
from bench.records.published import PublishedFigure

__all__ = ["find_references", "read_references"]

_TEXTS = {
    "model": "Name it as its source does.",
    "protocol": "Name a protocol of `spgbench ls protocols`.",
    "metric": "Give METRIC.REGION, such as fid.full.",
    "source": "Say where the figure is printed: the paper and its table, or an address.",
    "note": "Say what is not equal to a run of the suite: pictures, masks, their number, how the metric is taken.",
}
_KEYS = ("model", "protocol", "metric", "value", "source", "note")


def find_references(suite: Path) -> Path | None:
    """The file of the figures that belong to a suite file, or None; one of the suite alone goes first."""
    beside = (suite.with_name(f"{suite.stem}.references.yaml"), suite.with_name("references.yaml"))
    return next((path for path in beside if path.is_file() and path != suite), None)


def read_references(path: Path, dataset: str, split: str, size: str) -> tuple[PublishedFigure, ...]:
    """The figures of a file, for a suite of these pictures.

    Raises:
        UnknownName: for an unknown key, protocol or metric, with suggestions.
        UsageError: no YAML list of figures; a figure without a text or a number; two figures for one cell.
    """
    found: dict[tuple[str, str, str], float] = {}
    figures = []
    for number, entry in enumerate(_entries(path), 1):
        values = _checked(f"figure {number} in {path.name}", entry)
        figure = PublishedFigure(**values, dataset=dataset, split=split, size=size)
        cell = figure.model, figure.protocol, figure.metric
        if cell in found:
            two = f"{found[cell]:g} and {figure.value:g} for {', '.join(cell)}"
            raise UsageError(f"figure {number} in {path.name}", "be the only one of its cell", two, "Keep one of them.")
        found[cell] = figure.value
        figures.append(figure)
    return tuple(figures)


def _entries(path: Path) -> Iterator[Any]:
    data = read_yaml(path, "references file")
    if not isinstance(data, list):
        fix = f"Write a list whose entries have the keys {', '.join(_KEYS)}."
        raise UsageError(f"references file {path}", "hold a list of figures", type(data).__name__, fix)
    return iter(data)


def _checked(subject: str, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise UsageError(subject, f"map {', '.join(_KEYS)} to values", shown(entry))
    for key in entry:
        if key not in _KEYS:
            raise UnknownName(f"key of {subject}:", str(key)[:80], _KEYS)
    for key, fix in _TEXTS.items():
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise UsageError(f"'{key}' of {subject}", "be a text", _shown(entry, key), fix)
    value = entry.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        fix = "Leave out a figure that its source does not print."
        raise UsageError(f"'value' of {subject}", "be a finite number", _shown(entry, "value"), fix)
    return {
        **{key: " ".join(entry[key].split()) for key in ("model", "source", "note")},
        "protocol": _protocol(entry["protocol"].strip()),
        "metric": _metric(subject, entry["metric"].strip()),
        "value": float(value),
    }


def _shown(entry: Mapping[str, Any], key: str) -> str:
    return shown(entry[key]) if key in entry else "nothing"


def _protocol(name: str) -> str:
    """The full name; masks from files have theirs once they are read."""
    entry, argument = bench.masks.PROTOCOLS.find(name)
    return name if argument else entry.name


def _metric(subject: str, text: str) -> str:
    key = MetricKey.parse(text)
    metric = bench.metrics.definition(METRICS.find(key.metric)[0].name)
    if key.region not in metric.regions or key.class_name:
        must = f"be a column of {metric.name}: {', '.join(f'{metric.name}.{region}' for region in metric.regions)}"
        raise UsageError(f"'metric' of {subject}", must, shown(text))
    return f"{metric.name}.{key.region}"
