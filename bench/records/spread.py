"""How far rounding moves the values of a run between kinds of processors: `spread.jsonl` beside `run.json`.

The first line says how it was measured, each other line is a cell of a model with networks. docs/explanation/gate.md
says how the regression gate uses it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.errors import DataError
from bench.records.caps import signature_without_cap
from bench.records.files import write_atomically
from bench.records.layout import CellKey
from bench.records.reader import Run
from bench.records.values import CellValues, Floats
from bench.strict_json import parse_lines

__all__ = ["SPREAD_FORMAT", "CellSpread", "MetricSpread", "Spread", "read_spread", "write_spread"]

SPREAD_FORMAT = 1
"""Version of `spread.jsonl`; a reader refuses another one."""

_FIX = "Measure it again for this run: `python -m tests.support.golden_spread RUN`."


@dataclass(frozen=True)
class MetricSpread:
    """One metric of one cell; both arrays are float64 [N], finite, 0 or more, in the metric's unit.

    Attributes:
        signature: of the metric in the cell that the numbers belong to.
        spread: largest minus smallest value of each sample over all settings, the run's own value included.
        flips: largest change of each sample's value when a share of the model's output values moves by one level.
    """

    signature: str
    spread: Floats
    flips: Floats


@dataclass(frozen=True)
class CellSpread:
    """One cell.

    Attributes:
        samples: ids [N] of the samples that have a prediction, sorted.
        metrics: `metric.region` to its numbers; those by class too.
    """

    samples: tuple[str, ...]
    metrics: dict[str, MetricSpread]


@dataclass(frozen=True)
class Spread:
    """All that `spread.jsonl` holds.

    Attributes:
        measured: how: `settings` (environment variables of each run), `flip_share`, `flip_draws`, `processor`,
            `versions`.
        cells: those of all models with networks.
    """

    measured: dict[str, Any]
    cells: dict[CellKey, CellSpread]

    def has(self, model: str) -> bool:
        """Whether the model has networks, by its name in the run."""
        return any(key.model == model for key in self.cells)


def write_spread(run: Run, spread: Spread) -> None:
    """Write `spread.jsonl` beside the run's `run.json`; numbers are rounded up to three digits."""
    head = {"format": SPREAD_FORMAT, **spread.measured}
    lines = [head, *(_cell_data(key, cell) for key, cell in spread.cells.items())]
    text = "".join(json.dumps(line, sort_keys=True, allow_nan=False, separators=(",", ":")) + "\n" for line in lines)
    write_atomically(run.layout.spread_file, text)


def read_spread(run: Run) -> Spread | None:
    """The spread beside a run; None when there is none.

    Raises:
        DataError: for a file that is damaged, of another format, or of other cells, samples, metrics or signatures than
            the run has, or that holds a number that is negative or not finite.
        UsageError: when a cell of the run is damaged.
    """
    path = run.layout.spread_file
    if not path.exists():
        return None
    subject = f"spread {path}"
    try:
        head, *lines = parse_lines(path.read_text(encoding="utf-8"))
        if head.pop("format") != SPREAD_FORMAT:
            raise _Found("another format")
        parsed = [_parsed_cell(line) for line in lines]
    except _Found as error:
        raise DataError(subject, f"be of format {SPREAD_FORMAT} with numbers of 0 or more", str(error), _FIX) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(subject, "be lines of JSON as they were written", repr(error), _FIX) from error
    try:
        _check(run, parsed)
    except _Found as error:
        raise DataError(subject, "be of the run beside it", str(error), _FIX) from error
    return Spread(head, dict(parsed))


class _Found(Exception):
    """What is wrong with a spread, a phrase."""


def _cell_data(key: CellKey, cell: CellSpread) -> dict[str, Any]:
    metrics = {
        name: {
            "signature": metric.signature,
            "spread": [_rounded_up(value) for value in metric.spread.tolist()],
            "flips": [_rounded_up(value) for value in metric.flips.tolist()],
        }
        for name, metric in cell.metrics.items()
    }
    return {"key": vars(key), "samples": list(cell.samples), "metrics": metrics}


def _rounded_up(value: float) -> float:
    """The next number of three significant digits that is not below `value`."""
    if value == 0:
        return 0.0
    text = f"{value:.2e}"
    if float(text) >= value:
        return float(text)
    mantissa, _, exponent = text.partition("e")
    return float(f"{float(mantissa) + 0.01:.2f}e{exponent}")


def _parsed_cell(line: Mapping[str, Any]) -> tuple[CellKey, CellSpread]:
    key, samples = CellKey(**line["key"]), tuple(line["samples"])
    signatures = (data["signature"] for data in line["metrics"].values())
    if not all(isinstance(part, str) for part in (*vars(key).values(), *samples, *signatures)):
        raise _Found(f"a key, a sample id or a signature that is no text: {key}")
    where = f"in {key.model} {key.protocol}"
    metrics = {
        name: MetricSpread(
            data["signature"],
            _numbers(data["spread"], len(samples), f"{where} {name}"),
            _numbers(data["flips"], len(samples), f"{where} {name}"),
        )
        for name, data in line["metrics"].items()
    }
    return key, CellSpread(samples, metrics)


def _numbers(values: Sequence[Any], n: int, where: str) -> Floats:
    """float64 [n]; raises _Found unless all are finite and 0 or more."""
    if not isinstance(values, list) or len(values) != n:
        raise _Found(f"not one number a sample {where}")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or not (0 <= value < math.inf):
            raise _Found(f"{value!r} {where}")
    return np.array(values, dtype=np.float64)


def _check(run: Run, parsed: Iterable[tuple[CellKey, CellSpread]]) -> None:
    """Raises _Found unless the cells are exactly those of the run's models with networks, each once and as it is."""
    networks = {model.name for model in run.info.models if model.size}
    cells = run.keys()
    missing = {key for key in cells if key.model in networks}
    for key, cell in parsed:
        if key not in missing:
            raise _Found(f"a cell that the run does not have, or has twice: {key.path}")
        if key not in run.cells:
            raise _Found(f"a cell that is not whole: {key.path}")
        missing.remove(key)
        _check_cell(f"in {key.model} {key.protocol}", run.values(key), cell)
    if missing:
        raise _Found(f"no line for {min(missing).path}")


def _check_cell(where: str, values: CellValues, cell: CellSpread) -> None:
    if cell.samples != tuple(sample for sample in values.samples if sample in values.ok):
        raise _Found(f"other samples {where}")
    scores = {name: score for name, score in values.scores.items() if not score.of_set}
    if cell.metrics.keys() != scores.keys():
        odd = sorted(cell.metrics.keys() ^ scores.keys())
        raise _Found(f"other metrics {where}: {', '.join(odd)}")
    for name, score in scores.items():
        if signature_without_cap(cell.metrics[name].signature) != signature_without_cap(score.signature):
            raise _Found(f"another signature of {name} {where}")
