"""What an audit of metrics leaves on disk, and its reader.

OUT/audit.json     responses of every metric to every distortion, and how they were taken
OUT/values.csv     every value that is behind them
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from bench.errors import UsageError
from bench.records.decoding import FieldError, decode
from bench.records.files import write_atomically
from bench.records.schema import dump
from bench.strict_json import parse_json

__all__ = [
    "AUDIT_FORMAT",
    "AuditInfo",
    "AuditRecord",
    "AuditedDistortion",
    "AuditedMetric",
    "Response",
    "Verdict",
    "audit_file",
    "read_audit",
    "write_audit",
]

AUDIT_FORMAT = 1
"""Version of `audit.json`; a reader refuses another one."""

Verdict = Literal["sees", "weak", "blind", "wrong", "unknown"]
"""What an interval of a response says; docs/reference/metric-audit.md defines the five."""


@dataclass(frozen=True)
class AuditedDistortion:
    """A distortion, and on how many pictures it could be made.

    Attributes:
        name, title, unit, grades, summary: as its definition has them.
        n: pictures on which it could be made.
        reasons: why it could not be made on the others: reason to their number.
    """

    name: str
    title: str
    unit: str
    grades: tuple[float, ...]
    summary: str
    n: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class AuditedMetric:
    """A metric, and its noise.

    Attributes:
        name, title, unit, higher_is_better: as its definition has them.
        region: where it is taken.
        signature: everything that its values depend on.
        value: of the redrawn truth, mean over pictures.
        noise: root mean square, over pictures, of the difference of two redrawn truths, in the metric's unit; 0 where
            the metric never tells them apart: the deviation of each change over pictures stands in for it.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    region: str
    signature: str
    value: float
    noise: float


@dataclass(frozen=True)
class Response:
    """What a metric makes of one grade of a distortion.

    Attributes:
        metric, distortion: names.
        grade: in the distortion's unit.
        n: pictures with a value.
        change: how much worse the metric calls the distorted pictures, mean over pictures, in its unit.
        response: the change in units of the metric's noise, -1000 to 1000: above 0 where the metric calls them worse.
        ci95: 95 % interval of the response; None with fewer than two source pictures.
        verdict: what the interval says.
    """

    metric: str
    distortion: str
    grade: float
    n: int
    change: float
    response: float
    ci95: tuple[float, float] | None
    verdict: Verdict


@dataclass(frozen=True)
class AuditInfo:
    """What was audited, and how."""

    dataset: str
    split: str
    size: str
    revision: str
    protocols: tuple[str, ...]
    task: str
    seed: int
    n: int
    judge: str
    interval: str


@dataclass(frozen=True)
class AuditRecord:
    """`audit.json`.

    Attributes:
        info: what was audited, and how.
        distortions, metrics: in the order of tables.
        responses: of every metric to every grade of every distortion that could be made.
        not_audited: metric to the reason.
    """

    info: AuditInfo
    distortions: tuple[AuditedDistortion, ...]
    metrics: tuple[AuditedMetric, ...]
    responses: tuple[Response, ...]
    not_audited: dict[str, str]

    @cached_property
    def _by_pair(self) -> dict[tuple[str, str], list[Response]]:
        found: dict[tuple[str, str], list[Response]] = {}
        for response in self.responses:
            found.setdefault((response.metric, response.distortion), []).append(response)
        return found

    def curve(self, metric: str, distortion: str) -> list[Response]:
        """The responses of a metric to a distortion, from its slightest grade; none where it could not be made."""
        return self._by_pair.get((metric, distortion), [])

    @property
    def keys(self) -> tuple[str, ...]:
        """`metric.region` of every metric."""
        return tuple(f"{metric.name}.{metric.region}" for metric in self.metrics)

    def to_json(self) -> str:
        """The text of `audit.json`."""
        return dump({"format": AUDIT_FORMAT, **asdict(self)})


def audit_file(out: Path) -> Path:
    """Where the record of an audit lies."""
    return out / "audit.json"


def write_audit(out: Path, record: AuditRecord) -> None:
    """Write `OUT/audit.json`."""
    write_atomically(audit_file(out), record.to_json(), durable=True)


def read_audit(out: Path) -> AuditRecord:
    """The record of an audit; raises UsageError where there is none, or another version's."""
    file, must = audit_file(out), f"hold an audit of format {AUDIT_FORMAT}"
    try:
        data = parse_json(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.pop("format", None) != AUDIT_FORMAT:
            raise FieldError("format", f"be {AUDIT_FORMAT}", "another one")
        return decode(AuditRecord, data)
    except (OSError, ValueError) as error:
        raise UsageError(str(file), must, str(error), "Run `spgbench audit` again.") from error
