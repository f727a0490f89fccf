"""An audit as a table: the response of each metric to each distortion, and the slightest grade that it sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bench.records.audit import AuditedDistortion, AuditedMetric, AuditRecord, Response
from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group, Row
from bench.reporting.analysis.models import ListedModel
from bench.reporting.formatting import NOTHING
from bench.reporting.tables.model import Table, TableEntry

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["audit_frame", "audit_table", "grade_text", "grades_text", "metric_label", "response_text"]

_LEGEND = (
    "Response: how much worse a metric calls a fill with the distortion than without it, in units of the metric's "
    "noise, which is how far two fills differ that nobody prefers to one another. sees: above 1. weak: above 0, less "
    "than the noise. blind: below 0.1, or the interval holds 0. wrong: the metric calls the distorted fill better."
)


@dataclass(frozen=True)
class AuditRow(Row):
    """A metric; its numbers come as texts, each with what it says."""

    texts: Mapping[str, TableEntry] = field(default_factory=dict)


@dataclass(frozen=True)
class AuditTable(Table):
    """A table of AuditRows."""

    def entries(self, row: Row) -> list[TableEntry]:
        """The texts of a row, one a column."""
        texts = row.texts if isinstance(row, AuditRow) else {}
        return [texts.get(column.key, TableEntry(NOTHING)) for column in self.columns]


def audit_table(record: AuditRecord) -> Table:
    """Two groups of rows, a row a metric and a column a distortion."""
    strongest, slightest = [], []
    for metric in record.metrics:
        curves = {one.name: record.curve(metric.name, one.name) for one in record.distortions}
        made = {one.name: (one, curves[one.name]) for one in record.distortions if curves[one.name]}
        strongest.append(_row(record, metric, {name: _strongest(*pair) for name, pair in made.items()}))
        slightest.append(_row(record, metric, {name: _slightest(*pair) for name, pair in made.items()}))
    groups = ("Response to the strongest grade", strongest), ("Slightest grade that the metric sees", slightest)
    info = record.info
    title = f"Metrics under distortions: {info.dataset} {info.split}, {info.n} pictures, {', '.join(info.protocols)}"
    return AuditTable(
        title=title,
        columns=tuple(_column(one) for one in record.distortions),
        groups=tuple(Group(name, None, tuple(rows)) for name, rows in groups),
        notes=tuple(_notes(record)),
        signatures=tuple((metric_label(metric), metric.signature) for metric in record.metrics),
        name="audit",
        numbers=partial(audit_frame, record),
        row_title="metric",
    )


def audit_frame(record: AuditRecord) -> pd.DataFrame:
    """A row for every metric, distortion and grade, unrounded."""
    import pandas as pd

    metrics = {metric.name: metric for metric in record.metrics}
    rows = [
        {
            "metric": one.metric,
            "region": metrics[one.metric].region,
            "distortion": one.distortion,
            "grade": one.grade,
            "n": one.n,
            "change": one.change,
            "metric_unit": metrics[one.metric].unit,
            "noise": metrics[one.metric].noise,
            "response": one.response,
            "low": one.ci95[0] if one.ci95 else None,
            "high": one.ci95[1] if one.ci95 else None,
            "verdict": one.verdict,
        }
        for one in record.responses
    ]
    return pd.DataFrame(rows)


def metric_label(metric: AuditedMetric) -> str:
    """`PSNR hole`."""
    return f"{metric.title} {metric.region}"


def grade_text(distortion: AuditedDistortion, grade: float) -> str:
    """`4 px`, or `25 %` of a share."""
    return f"{grade:g} {distortion.unit}" if distortion.unit else f"{100 * grade:g} %"


def grades_text(distortion: AuditedDistortion, grades: Sequence[float], joint: str = ", ") -> str:
    """`0.5, 1, 2 px`: the unit stands once."""
    *others, last = grades
    scale = 1 if distortion.unit else 100
    return joint.join([*(f"{scale * grade:g}" for grade in others), grade_text(distortion, last)])


def response_text(value: float) -> str:
    """One digit after the point below 10, none from there on."""
    return f"{round(value, 1) + 0.0:.1f}" if abs(value) < 9.95 else f"{value:.0f}"


def _row(record: AuditRecord, metric: AuditedMetric, texts: Mapping[str, TableEntry]) -> AuditRow:
    model = ListedModel(metric.name, "", metric_label(metric))
    return AuditRow(model, (record.info.n, 0, 0), {}, texts=texts)


def _column(one: AuditedDistortion) -> Column:
    strongest = grade_text(one, one.grades[-1])
    return Column(one.name, one.name, one.title, f"to {strongest}", "", None, None)


def _strongest(one: AuditedDistortion, curve: Sequence[Response]) -> TableEntry:
    """Response, verdict, and the grades that the metric rewards."""
    last = curve[-1]
    words = [response_text(last.response), "" if last.verdict == "sees" else last.verdict]
    wrong = [response.grade for response in curve[:-1] if response.verdict == "wrong"]
    text = " ".join(filter(None, words)) + (f", wrong at {grades_text(one, wrong)}" if wrong else "")
    ends = "" if last.ci95 is None else f"[{', '.join(map(response_text, last.ci95))}]"
    return TableEntry(text, ends)


def _slightest(one: AuditedDistortion, curve: Sequence[Response]) -> TableEntry:
    """The first grade from which on every response is above the noise."""
    seen = ""
    for response in reversed(curve):
        if response.verdict != "sees":
            break
        seen = grade_text(one, response.grade)
    return TableEntry(seen or "none")


def _notes(record: AuditRecord) -> Iterator[str]:
    yield _LEGEND
    yield f"In brackets the 95 % interval of the response: {record.info.interval}; of metrics of sets, half-samples."
    if record.info.judge:
        yield f"Judge: {record.info.judge}."
    for one in record.distortions:
        missing = [f"Not on {count} pictures: {why}." for why, count in sorted(one.reasons.items())]
        yield " ".join([f"{one.title} ({grades_text(one, one.grades)}): {one.summary}", *missing])
    reasons: dict[str, list[str]] = {}
    for name, why in record.not_audited.items():
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        yield f"Not audited: {', '.join(names)}: {why}."
