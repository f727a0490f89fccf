"""The foot of a table: who failed and why, what was left out of a mean, which columns and cells are not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.records import CellKey, CellRecord
from bench.reporting.naming import NOTHING, metric_title

__all__ = [
    "absence_notes",
    "failure_notes",
    "left_out_notes",
    "merge_signatures",
    "missing_notes",
    "without_n",
]

Cells = Mapping[CellKey, CellRecord]
Names = Mapping[CellKey, str]

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
    scores = [cell.metrics[key] for cell in cells.values() if key in cell.metrics]
    if not scores:
        return "not measured"
    if not any(score.n_undefined for score in scores):
        return "no picture was scored"
    return "undefined in every picture" if has_labels else "no labels"


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
