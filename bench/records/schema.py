"""The records of a run as plain dataclasses, and their JSON. Infinite and undefined numbers are spelled out."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from bench.records.caps import cap_of
from bench.records.decoding import FieldError, decode
from bench.records.layout import CellKey
from bench.strict_json import parse_json, parse_lines

__all__ = [
    "FORMAT",
    "OPTIONAL_FIELDS",
    "READABLE",
    "SET_INTERVAL",
    "CellRecord",
    "Failures",
    "PredictionWarning",
    "Record",
    "Score",
    "Status",
    "check_record",
    "dump",
    "record_to_line",
    "records_from_lines",
    "without_format",
]

FORMAT = 3
"""Version of the files in an output folder that is written."""

READABLE = (1, 2, 3)
"""Versions that are read. Cells of format 1 hold another 95 % interval; the reader takes it anew from the samples. Runs
of formats 1 and 2 cannot grow: their records do not say which version of a picture they are of."""

SET_INTERVAL = "1.96 standard errors of a delete-d jackknife over half-samples"
"""How the interval of a number of a whole set of pictures, such as KID, is taken."""

_LEFT_OUT = ("edit_sha256", "removed_sha256", "traceback", "warning")
"""Fields of a line that are left out where they are empty."""

OPTIONAL_FIELDS = ("revision", *_LEFT_OUT)
"""Fields that a line may lack."""

Status = Literal["ok", "failed", "skipped"]
_STATUSES = frozenset(get_args(Status))
_TEXTS = ("sample", "reason", "image_sha256", "hole_sha256", "output_sha256", *OPTIONAL_FIELDS)


@dataclass(frozen=True)
class Record:
    """One sample of one cell.

    Attributes:
        sample: sample id.
        status: `failed` when the model gave no usable picture, `skipped` when the protocol has no hole for the sample,
            or when its file cannot be read and the run was told to go on.
        reason: why not `ok`, else empty.
        seed: the seed that the model was handed for this sample.
        image_sha256, hole_sha256, output_sha256: of the raw bytes of the truth, the hole and the composited output.
        hole_share: missing pixels over all pixels, 0 to 1.
        revision: hash of the sample's own files and of how they were read; empty up to format 2.
        values: `metric.region` to the value; `inf` is possible (PSNR of equal pixels), NaN means undefined. Metrics by
            class also have `metric.region.class`, for the classes where they are defined.
        warning: what is odd about a usable prediction, by its known pixels; else empty, and then left out of the line.
        traceback: the last frames of what the model raised, as Python prints them; left out where it is empty.
        removed_sha256: of all that is known of the object that a removal takes out: its pixels, its class, the truth
            without it; under completion empty, and then left out.
        edit_sha256: of the edited label map that the fill should follow; without one empty, and then left out.
    """

    sample: str
    status: Status
    reason: str = ""
    seed: int = 0
    image_sha256: str = ""
    hole_sha256: str = ""
    output_sha256: str = ""
    hole_share: float = math.nan
    revision: str = ""
    values: dict[str, float] = field(default_factory=dict)
    warning: str = ""
    traceback: str = ""
    removed_sha256: str = ""
    edit_sha256: str = ""


@dataclass(frozen=True)
class Score:
    """One number of a cell: the mean of `metric.region` over the samples, each at most its metric's cap.

    Attributes:
        value: the mean, or None when no sample has a value in it.
        ci95: 95 % interval of the value, or None where there is none.
        n: values behind the mean.
        n_infinite: infinite values: exact pictures. With a cap they are among the `n`, without one in no mean.
        n_undefined: values that are in no mean because they are undefined.
        signature: everything that the number depends on.
        interval: how `ci95` was taken; empty where there is none.
        n_pictures: independent source pictures behind the value.
    """

    value: float | None
    ci95: tuple[float, float] | None
    n: int
    n_infinite: int
    n_undefined: int
    unit: str
    higher_is_better: bool
    signature: str
    interval: str = ""
    n_pictures: int = 0

    @property
    def cap(self) -> float | None:
        """What a picture counts as at most, in the unit; None: infinite values are in no mean."""
        return cap_of(self.signature)

    @property
    def all_infinite(self) -> bool:
        """Whether every defined value is infinite."""
        return self.n_infinite > 0 and self.n == (0 if self.cap is None else self.n_infinite)

    @property
    def of_set(self) -> bool:
        """Whether it is one number of all pictures together, such as FID: no picture has a value of its own."""
        return "|agg:set|" in f"{self.signature}|"


@dataclass(frozen=True)
class Failures:
    """Samples that share a status and a reason.

    Attributes:
        traceback: of the first of them, as in its Record.
    """

    status: Status
    reason: str
    samples: tuple[str, ...]
    traceback: str = ""


@dataclass(frozen=True)
class PredictionWarning:
    """Samples whose predictions are usable and odd in the same way."""

    reason: str
    samples: tuple[str, ...]


@dataclass(frozen=True)
class CellRecord:
    """`cell.json`: a whole cell, reduced once.

    Attributes:
        key: which model, protocol and dataset.
        labels: the model's label sources, `{"context": ..., "hole": ...}`.
        n: samples in the cell, of which `n_failed` failed and `n_skipped` have no hole under this protocol.
        hole_share: mean hole share of the samples that were not skipped, or None.
        holes_sha256: hash over all holes: equal in two cells exactly when they were cut by the same holes.
        failures: samples that are not `ok`, grouped by reason.
        metrics: `metric.region` to its Score.
        by_class: `metric.region.class` to its Score, for metrics by class: the same numbers for single classes. They
            stand apart, since they are no columns of tables and no tests of a comparison.
        notes: `metric.region` to why it has no value, or what to know of it beside its value.
        warnings: samples that are `ok` and whose predictions look wrong by their known pixels, grouped by reason.
    """

    key: CellKey
    labels: dict[str, str]
    n: int
    n_failed: int
    n_skipped: int
    hole_share: float | None
    holes_sha256: str
    failures: tuple[Failures, ...]
    metrics: dict[str, Score]
    by_class: dict[str, Score] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    warnings: tuple[PredictionWarning, ...] = ()

    @property
    def refused(self) -> dict[str, str]:
        """`metric.region` to why it is not taken in this cell at all, of the metrics that the run asked for."""
        return {name: why for name, why in self.notes.items() if name not in self.metrics}

    def to_json(self) -> str:
        """The text of `cell.json`; without `by_class`, `notes` and `warnings` where they are empty."""
        optional = ("by_class", "notes", "warnings")
        data = {name: part for name, part in asdict(self).items() if part or name not in optional}
        return dump({"format": FORMAT, **data})

    @classmethod
    def from_json(cls, text: str) -> CellRecord:
        """Inverse of `to_json`, of every readable format as it stands; raises ValueError on anything else."""
        return decode(cls, without_format(parse_json(text))[1])


def without_format(data: object) -> tuple[int, dict[str, Any]]:
    """The format of a parsed file and the rest of it; raises FieldError when the format is not a readable one."""
    if not isinstance(data, dict) or "format" not in data:
        raise FieldError("format", "be there", "no such field")
    if data["format"] not in READABLE:
        raise FieldError("format", f"be {_either(READABLE)}", repr(data["format"]))
    return data["format"], {name: part for name, part in data.items() if name != "format"}


def _either(numbers: Sequence[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} or {numbers[-1]}"


def dump(data: Any) -> str:
    """Canonical JSON: sorted keys, no NaN, indented, a newline at the end."""
    return json.dumps(data, sort_keys=True, allow_nan=False, indent=1, ensure_ascii=False) + "\n"


_ENCODER = json.JSONEncoder(sort_keys=True, allow_nan=False, separators=(",", ":"), ensure_ascii=False)


def record_to_line(record: Record) -> str:
    """One canonical JSON line (with its newline); non-finite numbers as `"inf"`, `"-inf"` and null (undefined)."""
    data = {name: part for name, part in vars(record).items() if part or name not in _LEFT_OUT}
    data["hole_share"] = _encode(record.hole_share)
    if not all(map(math.isfinite, record.values.values())):
        data["values"] = {name: _encode(value) for name, value in record.values.items()}
    return _ENCODER.encode(data) + "\n"


def records_from_lines(text: str) -> list[Record]:
    """Inverse of `record_to_line`, of many lines; raises ValueError on a damaged one."""
    try:
        return [_record(data) for data in parse_lines(text)]
    except (TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"a line that is no record ({error})") from error


def check_record(data: dict[str, Any]) -> None:
    """Raise ValueError, TypeError or KeyError unless a parsed line has the texts of a record and its values."""
    kinds = {type(data[name]) for name in _TEXTS if name in data}
    if data["status"] not in _STATUSES or type(data["values"]) is not dict or kinds - {str}:
        raise ValueError("a field of another type")


def _record(data: dict[str, Any]) -> Record:
    check_record(data)
    data["hole_share"] = _decode(data["hole_share"])
    if set(map(type, data["values"].values())) - {float}:
        data["values"] = {name: _decode(value) for name, value in data["values"].items()}
    return Record(**data)


def _encode(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _decode(value: float | str | None) -> float:
    return math.nan if value is None else float(value)
