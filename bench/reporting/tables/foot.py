"""The foot of a table: who failed and why, what was left out of a mean, which columns and cells are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.metrics import MetricKey, ceiling_of, find_definition, metric_title
from bench.metrics.translations import is_translation
from bench.records import CellKey, CellRecord, ModelSize, RunInfo, Score
from bench.reporting.analysis.columns import Column
from bench.reporting.formatting import NOTHING, score_text
from bench.reporting.titles import among, key_title

__all__ = [
    "absence_notes",
    "ceiling_notes",
    "earlier_rule_notes",
    "failure_notes",
    "left_out_notes",
    "missing_notes",
    "remark_notes",
    "size_notes",
    "source_notes",
    "unavailable_notes",
    "warning_notes",
    "weight_notes",
]

Cells = Mapping[CellKey, CellRecord]
Titles = Mapping[CellKey, str]

_NOTHING_YET = Score(None, None, 0, 0, 0, "", True, "")
_UNDEFINED = "undefined in every picture"
_ONCE_COMPLETION = ("object-removal@1",)
"""Removal protocols of which earlier versions recorded completions."""
_LONGEST_REASON = 160
_MOST_REASONS = 6


def failure_notes(cells: Cells, titles: Titles) -> Iterator[str]:
    """One line for every status and reason: how many samples of which models, under which protocols."""
    protocols = list(dict.fromkeys(key.protocol for key in cells))
    lines: dict[str, list[str]] = {}
    for protocol in protocols:
        for line in _failures_under({key: cell for key, cell in cells.items() if key.protocol == protocol}, titles):
            lines.setdefault(line, []).append(protocol)
    for line, where in list(lines.items())[:_MOST_REASONS]:
        yield line if where == protocols else f"{', '.join(where)}: {line}"
    if len(lines) > _MOST_REASONS:
        yield f"{len(lines) - _MOST_REASONS} more reasons are in the cells' cell.json."
    if any(cell.n_failed for cell in cells.values()):
        yield "Failed pictures are in no mean: rows with another n are means over other pictures."
    yield from _other_holes(cells)


def _failures_under(cells: Cells, titles: Titles) -> Iterator[str]:
    reasons: dict[tuple[str, str], dict[str, int]] = {}
    for key, cell in cells.items():
        for failures in cell.failures:
            counts = reasons.setdefault((failures.status, _one_line(failures.reason)), {})
            counts[titles[key]] = counts.get(titles[key], 0) + len(failures.samples)
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


def warning_notes(cells: Cells, titles: Titles) -> Iterator[str]:
    """What is odd about predictions that are scored: a line for each model and reason, over the table's protocols."""
    counts: dict[str, int] = {}
    odd: dict[tuple[str, str], int] = {}
    for key, cell in cells.items():
        counts[titles[key]] = counts.get(titles[key], 0) + cell.n - cell.n_failed - cell.n_skipped
        for warning in cell.warnings:
            case = titles[key], warning.reason
            odd[case] = odd.get(case, 0) + len(warning.samples)
    for (title, reason), count in odd.items():
        yield f"{title}: in {count:,} of {counts[title]:,} pictures {reason}"


def left_out_notes(cells: Cells, titles: Titles, columns: Iterable[Column]) -> Iterator[str]:
    """Exact pictures that count as the cap, and values that are in no mean, a model over the table's protocols."""
    models = len(set(titles.values()))
    for column in columns:
        capped: dict[str, tuple[int, int]] = {}
        left_out: dict[str, dict[str, int]] = {"infinite (pixels equal the truth's)": {}, "undefined": {}}
        for key, cell in cells.items():
            score, title = cell.metrics.get(column.key), titles[key]
            if score is None or score.value is None:
                continue
            if score.cap is not None:
                exact, n = capped.get(title, (0, 0))
                capped[title] = (exact + score.n_infinite, n + score.n)
            uncounted = (score.n_infinite if score.cap is None else 0, score.n_undefined)
            for counts, count in zip(left_out.values(), uncounted, strict=True):
                counts[title] = counts.get(title, 0) + count
        yield from _exact_note(column, capped)
        for word, every in left_out.items():
            some = {title: count for title, count in every.items() if count}
            if some:
                yield f"{column.title}: left out of the mean as {word}: {_who(some, models)}"


def _exact_note(column: Column, counts: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """Models with some exact pictures: `same exact in 3 of 4`; none where all or no pictures of every model are."""
    if any(0 < exact < n for exact, n in counts.values()):
        who = ", ".join(f"{title} exact in {exact} of {n}" for title, (exact, n) in counts.items() if exact)
        yield f"{column.title}: exact pictures (pixels equal the truth's) {column.infinite_text}: {who}"


def absence_notes(wanted: Sequence[str], shown: set[str], cells: Cells, has_labels: bool) -> Iterator[str]:
    """Why a column is not there; one line a region when all of it has one reason."""
    absent = {key: _absence(key, cells, has_labels) for key in wanted if key not in shown}
    regions = {key: MetricKey.parse(key).region for key in wanted}
    for region in dict.fromkeys(regions[key] for key in absent):
        of_region = [key for key in wanted if regions[key] == region]
        reasons = {absent.get(key, "") for key in of_region}
        if len(reasons) == 1:
            yield f"{region}: {reasons.pop()}"
        else:
            yield from (f"{key_title(key)}: {absent[key]}" for key in of_region if key in absent)


def _absence(key: str, cells: Cells, has_labels: bool) -> str:
    """Why no cell has a number; where protocols have other reasons, each reason with its protocols."""
    reasons: dict[str, list[str]] = {}
    for protocol in _protocols(cells):
        of_protocol = [cell for where, cell in cells.items() if where.protocol == protocol]
        reasons.setdefault(_absence_under(key, of_protocol, has_labels), []).append(protocol)
    if len(reasons) < 2:
        return next(iter(reasons), "not measured")
    return "; ".join(f"under {', '.join(protocols)} {reason}" for reason, protocols in reasons.items())


def _absence_under(key: str, cells: Sequence[CellRecord], has_labels: bool) -> str:
    remarks = {_one_line(cell.notes[key]) for cell in cells if key in cell.notes}
    if len(remarks) == 1:
        return remarks.pop()
    scores = [cell.metrics[key] for cell in cells if key in cell.metrics]
    if not scores:
        return "not measured"
    if not any(score.n_undefined for score in scores):
        return "no picture was scored"
    return _UNDEFINED if has_labels else "no labels"


def ceiling_notes(cells: Cells, columns: Iterable[Column]) -> Iterator[str]:
    """What the judge reaches on the untouched pictures, or without the object: the best to be expected of a model."""
    for column in columns:
        found: dict[str, Score] = {}
        ceiling = ceiling_of(column.metric)
        for key, cell in cells.items():
            score = cell.metrics.get(f"{ceiling}.{column.region}")
            if score and score.value is not None and score.n > found.get(key.protocol, _NOTHING_YET).n:
                found[key.protocol] = score
        several = len({key.protocol for key in cells}) > 1
        texts = [
            score_text(score, column.decimals) + (f" ({protocol})" if several else "")
            for protocol, score in found.items()
        ]
        if texts:
            unit = f" ({column.unit})" if column.unit else ""
            yield f"{column.title}, the judge's ceiling on {_ceiling_pictures(ceiling)}{unit}: {', '.join(texts)}"
        measured = [cell for cell in cells.values() if column.key in cell.metrics]
        lacking = {cell.notes.get(f"{ceiling}.{column.region}", "") for cell in measured} - {""}
        yield from (f"{column.title}, no ceiling: {_one_line(why)}" for why in sorted(lacking))


def _ceiling_pictures(name: str) -> str:
    metric = find_definition(name)
    of_removals = metric is not None and metric.tasks == ("removal",)
    return "pictures that never had the object" if of_removals else "the untouched pictures"


def remark_notes(cells: Cells, titles: Titles, columns: Iterable[Column]) -> Iterator[str]:
    """What the cells say about columns that are shown, and why a protocol has no number: each remark once, of whom."""
    found: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        whose: dict[str, list[CellKey]] = {}
        for key, cell in cells.items():
            if column.key in cell.notes:
                whose.setdefault(_one_line(cell.notes[column.key]), []).append(key)
        for protocol in _protocols(cells):
            of_protocol = {key: cell for key, cell in cells.items() if key.protocol == protocol}
            if all(_is_undefined(cell, column.key) for cell in of_protocol.values()):
                whose.setdefault(_UNDEFINED, []).extend(of_protocol)
        for remark, keys in whose.items():
            found.setdefault((among(keys, cells, titles), remark), []).append(column.title)
    for (where, remark), of_remark in found.items():
        yield f"{', '.join(of_remark)}{where}: {remark}"


def _is_undefined(cell: CellRecord, key: str) -> bool:
    """Whether a cell has pictures and no number, and does not say why."""
    score = cell.metrics.get(key)
    return bool(score and score.value is None and not score.n_infinite and score.n_undefined and key not in cell.notes)


def _protocols(cells: Cells) -> list[str]:
    return list(dict.fromkeys(key.protocol for key in cells))


def earlier_rule_notes(cells: Cells, columns: Iterable[Column]) -> Iterator[str]:
    """Removals that an earlier version scored as completions: their numbers are not what they seem to be."""
    shown = [column for column in columns if column.region != "known" and _needs_truth(column.metric)]
    for protocol in dict.fromkeys(key.protocol for key in cells if key.protocol in _ONCE_COMPLETION):
        scored = [cell for key, cell in cells.items() if key.protocol == protocol]
        old = [
            column.title
            for column in shown
            if any(column.key in cell.metrics and not _of_removal(cell.metrics[column.key]) for cell in scored)
        ]
        if old:
            yield (
                f"{', '.join(old)} under {protocol}: recorded by an earlier version, which compares fills with the "
                "picture that still shows the object. These numbers reward painting the object again; run the "
                "protocol again."
            )


def _needs_truth(metric: str) -> bool:
    definition = find_definition(metric)
    return definition is None or definition.needs_truth


def _of_removal(score: Score) -> bool:
    return "|task:removal|" in f"{score.signature}|"


def size_notes(sizes: Iterable[ModelSize | None]) -> Iterator[str]:
    """What the columns of sizes say, where there are any."""
    if any(sizes):
        yield (
            "params: numbers in the networks that a model calls, in millions; mult-adds: what it spends on the first "
            "picture, in thousand millions, as torch counts convolutions and matrix products"
        )


def unavailable_notes(unavailable: Mapping[str, str]) -> Iterator[str]:
    """Metrics that were asked for and could not be taken, by reason; not those under the rules of other evaluators."""
    reasons: dict[str, list[str]] = {}
    for metric, reason in ((name, why) for name, why in unavailable.items() if not is_translation(name)):
        reasons.setdefault(_one_line(reason), []).append(metric_title(metric))
    yield from (f"{', '.join(metrics)}: not measured: {reason}" for reason, metrics in reasons.items())


def weight_notes(info: RunInfo) -> Iterator[str]:
    """Which weights filled, and a warning where they were trained on other data."""
    known = [(model.name, model.weights) for model in info.models if model.weights]
    if known:
        texts = [f"{name} {weights.name} ({weights.sha256[:8]})" for name, weights in known]
        yield f"Weights: {', '.join(texts)}"
    yield from (f"Warning: {warning}." for warning in info.weight_warnings)


def source_notes(info: RunInfo) -> Iterator[str]:
    """Which list chose the pictures, and which published set the masks are."""
    if chosen := info.dataset.split_list:
        equal = f", equal to {' and '.join(chosen.equal_to)} by its names" if chosen.equal_to else ""
        yield f"Pictures by list {Path(chosen.file).name} ({chosen.n:,} names, SHA-256 {chosen.sha256[:12]}){equal}"
    for protocol, published in info.mask_sets.items():
        yield f"{protocol}: the masks are the set {published}"


def missing_notes(missing: Sequence[CellKey], titles: Titles) -> Iterator[str]:
    """Cells that are not whole yet."""
    for protocol in dict.fromkeys(key.protocol for key in missing):
        models = ", ".join(titles[key] for key in missing if key.protocol == protocol)
        yield f"{protocol}: not run to the end yet, shown as {NOTHING}: {models}"


def _one_line(reason: str) -> str:
    line = " ".join(reason.split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
