"""The foot of a table: who failed and why, what was left out of a mean, which columns and cells are not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.records import CellKey, CellRecord, Score
from bench.reporting.naming import NOTHING, ceiling_of, metric_title
from bench.reporting.table_parts import Column
from bench.statistics import INTERVAL

__all__ = [
    "absence_notes",
    "ceiling_notes",
    "failure_notes",
    "interval_notes",
    "left_out_notes",
    "merge_signatures",
    "missing_notes",
    "remark_notes",
    "size_notes",
    "unavailable_notes",
    "without_n",
]

Cells = Mapping[CellKey, CellRecord]
Names = Mapping[CellKey, str]

_NOTHING_YET = Score(None, None, 0, 0, 0, "", True, "")
_LONGEST_REASON = 160
_MOST_REASONS = 6


def failure_notes(cells: Cells, called: Names) -> Iterator[str]:
    """One line for every status and reason: how many samples of which models, under which protocols."""
    protocols = list(dict.fromkeys(key.protocol for key in cells))
    lines: dict[str, list[str]] = {}
    for protocol in protocols:
        for line in _failures_under({key: cell for key, cell in cells.items() if key.protocol == protocol}, called):
            lines.setdefault(line, []).append(protocol)
    for line, where in list(lines.items())[:_MOST_REASONS]:
        yield line if where == protocols else f"{', '.join(where)}: {line}"
    if len(lines) > _MOST_REASONS:
        yield f"{len(lines) - _MOST_REASONS} more reasons are in the cells' cell.json."
    if any(cell.n_failed for cell in cells.values()):
        yield "Failed pictures are in no mean: rows with another n are means over other pictures."
    yield from _other_holes(cells)


def _failures_under(cells: Cells, called: Names) -> Iterator[str]:
    reasons: dict[tuple[str, str], dict[str, int]] = {}
    for key, cell in cells.items():
        for failures in cell.failures:
            counts = reasons.setdefault((failures.status, _one_line(failures.reason)), {})
            counts[called[key]] = counts.get(called[key], 0) + len(failures.samples)
    for (status, reason), counts in reasons.items():
        yield f"{status} ({_who(counts, len(cells))}): {reason or 'no reason recorded'}"


def _who(counts: Mapping[str, int], rows: int) -> str:
    numbers = set(counts.values())
    if len(counts) == rows > 1 and len(numbers) == 1:
        return f"every model {numbers.pop()}"
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _other_holes(cells: Cells) -> Iterator[str]:
    for protocol in dict.fromkeys(key.protocol for key in cells):
        if len({cell.holes_sha256 for key, cell in cells.items() if key.protocol == protocol}) > 1:
            yield f"{protocol}: the models were not given the same holes; do not compare these rows."


def left_out_notes(cells: Cells, called: Names, columns: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Infinite and undefined values that a shown mean does not hold, counted a model over the table's protocols."""
    for title, key in columns:
        for field, word in (("n_infinite", "infinite (pixels equal the truth's)"), ("n_undefined", "undefined")):
            counts: dict[str, int] = {}
            for cell_key, cell in cells.items():
                score = cell.metrics.get(key)
                if score and score.value is not None and getattr(score, field):
                    counts[called[cell_key]] = counts.get(called[cell_key], 0) + getattr(score, field)
            if counts:
                yield f"{title}: left out of the mean as {word}: {_who(counts, len(set(called.values())))}"


def interval_notes(cells: Cells, columns: Iterable[tuple[str, str]]) -> Iterator[str]:
    """How the interval of a number of a whole set of pictures is taken, which is no mean."""
    for title, key in columns:
        methods = {cell.metrics[key].interval for cell in cells.values() if key in cell.metrics} - {"", INTERVAL}
        for method in sorted(methods):
            yield f"{title}: in brackets {method}"


def absence_notes(wanted: Sequence[str], shown: set[str], cells: Cells, has_labels: bool) -> Iterator[str]:
    """Why a column is not there; one line a region when all of it has one reason."""
    absent = {key: _absence(key, cells, has_labels) for key in wanted if key not in shown}
    for region in dict.fromkeys(key.partition(".")[2] for key in absent):
        of_region = [key for key in wanted if key.partition(".")[2] == region]
        reasons = {absent.get(key, "") for key in of_region}
        if len(reasons) == 1:
            yield f"{region}: {reasons.pop()}"
        else:
            yield from (f"{metric_title(key)}: {absent[key]}" for key in of_region if key in absent)


def _absence(key: str, cells: Cells, has_labels: bool) -> str:
    remarks = {_one_line(cell.notes[key]) for cell in cells.values() if key in cell.notes}
    if len(remarks) == 1:
        return remarks.pop()
    scores = [cell.metrics[key] for cell in cells.values() if key in cell.metrics]
    if not scores:
        return "not measured"
    if not any(score.n_undefined for score in scores):
        return "no picture was scored"
    return "undefined in every picture" if has_labels else "no labels"


def ceiling_notes(cells: Cells, columns: Iterable[Column]) -> Iterator[str]:
    """What the judge reaches on the untouched pictures: the most that a model can be expected to."""
    for column in columns:
        found: dict[str, Score] = {}
        for key, cell in cells.items():
            score = cell.metrics.get(ceiling_of(column.key))
            if score and score.value is not None and score.n > found.get(key.protocol, _NOTHING_YET).n:
                found[key.protocol] = score
        several = len({key.protocol for key in cells}) > 1
        texts = [
            f"{score.value:.{column.decimals}f}" + (f" ({protocol})" if several else "")
            for protocol, score in found.items()
        ]
        if texts:
            unit = f" ({column.unit})" if column.unit else ""
            yield f"{column.title}, the judge's ceiling on the untouched pictures{unit}: {', '.join(texts)}"


def remark_notes(cells: Cells, called: Names, columns: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What the cells themselves say about a number that is shown, each remark once."""
    for title, key in columns:
        whose: dict[str, dict[str, None]] = {}
        for cell_key, cell in cells.items():
            if key in cell.notes:
                whose.setdefault(_one_line(cell.notes[key]), {})[called[cell_key]] = None
        for remark, models in whose.items():
            who = "" if len(models) == len(set(called.values())) else f" ({', '.join(models)})"
            yield f"{title}{who}: {remark}"


def size_notes(sizes: Iterable[tuple[int, int] | None]) -> Iterator[str]:
    """What the columns of sizes say, where there are any."""
    if any(sizes):
        yield (
            "params: numbers in the networks that a model calls, in millions; mult-adds: what it spends on the first "
            "picture, in thousand millions, as torch counts convolutions and matrix products"
        )


def unavailable_notes(unavailable: Mapping[str, str]) -> Iterator[str]:
    """Metrics that were asked for and could not be taken, by reason."""
    reasons: dict[str, list[str]] = {}
    for metric, reason in unavailable.items():
        reasons.setdefault(_one_line(reason), []).append(metric_title(metric))
    yield from (f"{', '.join(metrics)}: not measured: {reason}" for reason, metrics in reasons.items())


def missing_notes(missing: Sequence[CellKey], called: Names) -> Iterator[str]:
    """Cells that are not whole yet."""
    for protocol in dict.fromkeys(key.protocol for key in missing):
        models = ", ".join(called[key] for key in missing if key.protocol == protocol)
        yield f"{protocol}: not run to the end yet, shown as {NOTHING}: {models}"


def merge_signatures(cells: Cells, called: Names, columns: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Column title and signature, once a column; the numbers of samples that differ are joined.

    Signatures that differ in more than `n` come one by one with the models that they belong to.
    """
    for title, key in columns:
        kinds: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
        for cell_key, cell in cells.items():
            if key in cell.metrics:
                kind, n = without_n(cell.metrics[key].signature)
                models, counts = kinds.setdefault(kind, ({}, {}))
                models[called[cell_key]], counts[n] = None, None
        for kind, (models, counts) in kinds.items():
            whose = f" ({', '.join(models)})" if len(kinds) > 1 else ""
            numbers = ",".join(sorted(counts, key=lambda n: (len(n), n)))
            yield title + whose, kind.replace("|n:#", f"|n:{numbers}")


def without_n(signature: str) -> tuple[str, str]:
    """A signature with its number of pictures left open, and that number."""
    match = re.search(r"\|n:(\d+)(?=\||$)", signature)
    return (signature.replace(match[0], "|n:#", 1), match[1]) if match else (signature, "")


def _one_line(reason: str) -> str:
    line = " ".join(reason.split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
