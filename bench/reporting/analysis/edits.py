"""Fills by the label map that they were asked to follow: the model's own, the true one, and each edit of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.masks.edit_names import EDITS, split_edit
from bench.metrics import MetricKey, is_ceiling
from bench.records import Score
from bench.reporting.analysis.aggregate import Aggregate
from bench.reporting.analysis.classes import ClassGroup, class_groups
from bench.reporting.analysis.columns import Column, column_of
from bench.reporting.analysis.groups import Group
from bench.reporting.analysis.run_analysis import RunAnalysis
from bench.reporting.titles import key_order

__all__ = ["OWN_MAP", "EditGroup", "edit_classes", "edit_columns", "edit_groups", "edited_holes"]

OWN_MAP = "own map"
"""What stands in the place of an edit's name where the model completed the label map itself."""

_SHOWN = (
    *("edit-size", "edit-accuracy", "edit-accuracy-untouched", "control-accuracy", "control-accuracy-untouched"),
    *("control-class-accuracy", "control-class-accuracy-untouched"),
    *("control-boundary-f", "control-boundary-f-untouched"),
    *("control-accuracy-of-4", "diversity-l1", "diversity-labels", "diversity-lpips-alex"),
)
_BY_CLASS = ("edit-accuracy", "control-class-accuracy")


@dataclass(frozen=True)
class EditGroup:
    """The models under one kind of label map, over all holes.

    Attributes:
        edit: name of the edit, or `OWN_MAP`.
        group: with the columns of `edit_columns`; a score has no value where there are fewer than 5.
    """

    edit: str
    group: Group


def edited_holes(analysis: RunAnalysis) -> list[str]:
    """The protocols of a run that cut the holes of its edits, in the order of the run; none without an edit."""
    found = [split_edit(name) for name in analysis.run.info.protocols]
    return list(dict.fromkeys(one.hole for one in found if one))


def edit_columns(analysis: RunAnalysis) -> list[Column]:
    """What of guidance and diversity the run has measured, in order; what `--metrics` leaves out is left out."""
    scores: dict[str, list[Score]] = {key: [] for key in analysis.run.info.metrics}
    for cell in analysis.run.cells.values():
        for key, score in cell.metrics.items():
            scores.setdefault(key, []).append(score)
    chosen = {MetricKey.parse(key).metric for key in analysis.shown_keys}
    metrics = {MetricKey.parse(key).metric: key for key in scores}
    shown = [metrics[metric] for metric in _SHOWN if metric in metrics and _is_chosen(metric, chosen)]
    columns = (column_of(key, scores[key]) for key in shown)
    return [replace(one, higher_is_better=None) if is_ceiling(one.metric) else one for one in columns]


def edit_groups(analysis: RunAnalysis, columns: Sequence[Column]) -> list[EditGroup]:
    """The groups in the order of `EDITS`, the model's own map before them; none without an edit."""
    values = {column.key: column.key for column in columns}
    groups = []
    for edit, protocols in _protocols(analysis):
        aggregate = _together(analysis, protocols)
        inside = aggregate.scored | aggregate.failed
        title = f"{edit}: {EDITS[edit]}" if edit in EDITS else f"{edit}: the label map that the model completed"
        groups.append(EditGroup(edit, aggregate.group(title, values, inside)))
    return groups


def edit_classes(analysis: RunAnalysis) -> list[ClassGroup]:
    """The classes, over all edits that change something and all holes."""
    protocols = [name for edit, names in _protocols(analysis) if edit not in (OWN_MAP, "edit-none") for name in names]
    shown = [key for key in analysis.shown_keys if MetricKey.parse(key).metric in _BY_CLASS]
    return class_groups(_together(analysis, protocols), sorted(shown, key=key_order)) if protocols else []


def _protocols(analysis: RunAnalysis) -> Iterator[tuple[str, list[str]]]:
    """Name of each edit, or `OWN_MAP`, and its protocols in the run."""
    run_protocols = analysis.run.info.protocols
    holes = edited_holes(analysis)
    found = {OWN_MAP: [name for name in run_protocols if name in holes], **{edit: [] for edit in EDITS}}
    for name in run_protocols:
        if one := split_edit(name):
            found[one.edit].append(name)
    return ((edit, names) for edit, names in found.items() if names)


def _together(analysis: RunAnalysis, protocols: Sequence[str]) -> Aggregate:
    values = {protocol: analysis.values[protocol] for protocol in protocols}
    return Aggregate.over_protocols(analysis.run, analysis.models, values)


def _is_chosen(metric: str, chosen: set[str]) -> bool:
    """Whether a column is shown: one that is the same for all models is where any of the others is."""
    return metric in chosen or (bool(chosen) and is_ceiling(metric))
