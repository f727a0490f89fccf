"""A run under the rules of other evaluators: one table an evaluator, own numbers and theirs side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from bench.metrics import MetricDefinition
from bench.metrics.evaluators.evaluator import Evaluator
from bench.metrics.translations import EVALUATORS, translations_of
from bench.records import Score
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group, Row
from bench.reporting.tables.main_table import build_main_table
from bench.reporting.tables.model import Table
from bench.reporting.titles import key_title

if TYPE_CHECKING:
    import pandas as pd

    from bench.metrics.definition import Translation

__all__ = ["evaluator_tables"]


def evaluator_tables(analysis: RunAnalysis) -> Iterator[Table]:
    """The tables `as-<evaluator>` of the analysis' evaluators.

    An own number keeps its marks; a number under another rule has none, since such numbers are not ranked.
    """
    for name in analysis.evaluators:
        yield _table(analysis, EVALUATORS[name])


def _table(analysis: RunAnalysis, evaluator: Evaluator) -> Table:
    metrics = translations_of(evaluator.name)
    keys = list(dict.fromkeys(key for metric in metrics for key in _keys(metric)))
    recorded = [key for key in keys if key in analysis.columns]
    table = build_main_table(analysis, keys=recorded, name=f"as-{evaluator.name}")
    columns = tuple(replace(one, decimals=_decimals(one)) for one in table.columns)
    unbounded = {key for metric in metrics if _rule(metric).infinite_mean for key in _keys(metric)[1:]}
    return replace(
        table,
        columns=columns,
        title=f"Under the rules of {evaluator.title}: {table.title}",
        groups=tuple(_with_infinite_means(group, unbounded) for group in table.groups),
        notes=(*_notes(analysis, evaluator, metrics), *_kept_notes(table, unbounded)),
        numbers=partial(_numbers, table, unbounded),
    )


def _decimals(column: Column) -> int | None:
    """Three significant digits for errors without a unit, which are small."""
    return None if not column.unit and column.higher_is_better is False else column.decimals


def _keys(metric: MetricDefinition) -> tuple[str, ...]:
    """The own number, and that of the other evaluator."""
    return _rule(metric).beside, *(f"{metric.name}.{region}" for region in metric.regions)


def _rule(metric: MetricDefinition) -> Translation:
    return cast("Translation", metric.translation)


def _with_infinite_means(group: Group, keys: set[str]) -> Group:
    return replace(group, rows=tuple(_infinite(row, keys) for row in group.rows))


def _infinite(row: Row, keys: set[str]) -> Row:
    scores = {key: _as_they_mean(score) if key in keys else score for key, score in row.scores.items()}
    return replace(row, scores=scores)


def _as_they_mean(score: Score) -> Score:
    """One exact picture makes the mean infinite."""
    return replace(score, value=math.inf, ci95=None) if score.n_infinite else score


def _kept_notes(table: Table, unbounded: set[str]) -> Iterator[str]:
    """Those of the table that hold: nothing is left out of a mean that is infinite."""
    titles = [column.title for column in table.columns if column.key in unbounded]
    wrong = tuple(f"{title}: left out of the mean as infinite" for title in titles)
    yield from (note for note in table.notes if not note.startswith(wrong))


def _numbers(table: Table, unbounded: set[str]) -> pd.DataFrame:
    """The unrounded numbers, infinite where the table shows them so."""
    frame = table.numbers()
    infinite = (frame["metric"] + "." + frame["region"]).isin(unbounded) & (frame["n_infinite"] > 0)
    frame.loc[infinite, ["value", "lo", "hi"]] = [math.inf, math.nan, math.nan]
    return frame


def _notes(analysis: RunAnalysis, evaluator: Evaluator, metrics: Sequence[MetricDefinition]) -> Iterator[str]:
    yield f"{evaluator.title} ({evaluator.source}): {evaluator.pictures}"
    for metric in metrics:
        reason = _absence(analysis, metric)
        text = f"not measured: {reason}" if reason else _rule(metric).difference
        beside = "" if reason else f", beside {key_title(_rule(metric).beside)}"
        yield f"{metric.title}{beside}: {text}"
    yield from (f"{evaluator.title} {score}: not computed: {reason}." for score, reason in evaluator.absent)


def _absence(analysis: RunAnalysis, metric: MetricDefinition) -> str:
    """Why the run does not hold a metric; nothing where it does."""
    if any(key in analysis.columns for key in _keys(metric)[1:]):
        return ""
    return analysis.run.info.unavailable.get(metric.name, "the run does not hold it")
