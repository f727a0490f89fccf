"""Limits of latency under load, `p99<=50ms@20/s`, and whether the load records of a run hold them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.errors import UsageError
from bench.gating.results import CheckResult
from bench.gating.selection import Selection
from bench.records.load import LoadRecord, LoadTrial, read_load
from bench.records.profile import MEMORY_FORMATS, MODES, PRECISIONS
from bench.records.units import parse_rate, parse_seconds
from bench.statistics.percentiles import least_values

__all__ = ["LoadLimit", "load_checks"]

_FORM = re.compile(r"p(\d+(?:\.\d+)?)\s*<=\s*([^@]+)@\s*([^,]+)((?:,[^,]+)*)")
_SIZE = re.compile(r"(\d+)(?:x(\d+))?")
_DEVICE = re.compile(r"[a-z]+(:\d+)?")
_LONGEST = 200
"""Characters of a limit."""
_EXAMPLES = "Write 'p99<=50ms@20/s', or with size, device and setting 'p99<=50ms@20/s,256x256,cuda,bf16'."


@dataclass(frozen=True)
class LoadLimit:
    """A percentile of latency that must be held at a rate of queries.

    Attributes:
        percent: above 0 and below 100.
        seconds: that the percentile must not exceed.
        rate: queries a second, Poisson arrivals.
        size: (height, width), or None where one load record of the model decides.
        device: `cpu`, `cuda` (any) or `cuda:1`, or None.
        settings: precision, memory format and mode, as far as given.
        text: as it was written.
    """

    percent: float
    seconds: float
    rate: float
    size: tuple[int, int] | None
    device: str | None
    settings: tuple[str, ...]
    text: str

    @classmethod
    def parse(cls, text: str) -> LoadLimit:
        """From `p99<=50ms@20/s`, then size, device and setting behind commas; raises UsageError for anything else."""
        found = _FORM.fullmatch(text.strip())
        if found is None or len(text) > _LONGEST:
            raise UsageError("--latency", "be PERCENTILE<=TIME@RATE", repr(text[:_LONGEST]), _EXAMPLES)
        percent = float(found[1])
        if not 0 < percent < 100:
            raise UsageError(f"percentile of --latency {text}", "lie between 0 and 100", f"p{found[1]}", _EXAMPLES)
        seconds = parse_seconds(found[2], f"time of --latency {text}")
        rate = parse_rate(found[3], f"rate of --latency {text}")
        words = [word.strip() for word in found[4].split(",") if word.strip()]
        sizes = [match for word in words if (match := _SIZE.fullmatch(word))]
        settings = tuple(word for word in words if word in (*PRECISIONS, *MEMORY_FORMATS, *MODES))
        devices = [word for word in words if _DEVICE.fullmatch(word) and word not in settings]
        if len(sizes) > 1 or len(devices) > 1:
            raise UsageError(f"--latency {text}", "name one size and one device", ", ".join(words), "Give it twice.")
        if len(sizes) + len(devices) + len(settings) != len(words):
            raise UsageError(f"--latency {text}", "name a size, a device or a setting", ", ".join(words), _EXAMPLES)
        size = (int(sizes[0][1]), int(sizes[0][2] or sizes[0][1])) if sizes else None
        return cls(percent, seconds, rate, size, devices[0] if devices else None, settings, text.strip())

    def is_about(self, record: LoadRecord) -> bool:
        """Whether a record is of the size, device and setting that are named."""
        own = record.configuration
        return (
            (self.size is None or self.size == (own.height, own.width))
            and (self.device is None or self.device in (record.device, record.device.partition(":")[0]))
            and set(self.settings) <= {own.precision, own.memory_format, own.mode}
        )


def load_checks(candidate: Selection, limits: Sequence[LoadLimit]) -> list[CheckResult]:
    """A check a model of the candidate and limit: PASS where its load records show that the limit is held.

    Everything else is a REGRESSION: a load that is not held, no record, an INVALID one, or too few queries to tell.

    Raises:
        UsageError: several records of a model fit a limit, or a record was edited or damaged.
    """
    if not limits:
        return []
    layout = candidate.run.layout
    there = (layout.out / "load" / "environment.json").exists()
    records = read_load(layout.out).records if there else ()
    return [
        _check(candidate, model, fingerprint, limit, [one for one in records if one.scenario == "server"])
        for limit in limits
        for model, fingerprint in candidate.models.items()
    ]


def _check(
    candidate: Selection, model: str, fingerprint: str, limit: LoadLimit, records: Sequence[LoadRecord]
) -> CheckResult:
    named = [record for record in records if record.model == model]
    own = [record for record in named if record.fingerprint == fingerprint]
    fitting = [record for record in own if limit.is_about(record)]
    how = _how(candidate, model, limit)
    if len(fitting) > 1:
        found = "; ".join(f"{record.configuration} on {record.device}" for record in fitting)
        must = f"be about one load record of {model}"
        raise UsageError(
            f"--latency {limit.text}", must, found, "Name the size, the device or the setting: " + _EXAMPLES
        )
    if not fitting:
        if own:
            there = "; ".join(f"{record.configuration} on {record.device}" for record in own)
            text = f"no load record of this size, device and setting, only of {there}"
        else:
            text = "its load records are of other weights or code" if named else "no load record"
        return _failed(model, limit, f"{text}; {how}")
    (record,) = fitting
    return _of_record(model, limit, record, how)


def _of_record(model: str, limit: LoadLimit, record: LoadRecord, how: str) -> CheckResult:
    if record.invalid:
        return _failed(model, limit, f"its load record is INVALID: {record.invalid}; {how}")
    confirming = [trial for trial in record.trials if trial.purpose == "confirm" and trial.rate is not None]
    at_rate = [trial for trial in confirming if _rate(trial) >= limit.rate * (1 - 1e-9)]
    held = [trial for trial in at_rate if trial.holds(limit.percent, limit.seconds)]
    if held:
        best = max(held, key=_rate)
        text = (
            f"load held: p{limit.percent:g} is at most {_ms(best.bound(limit.percent))} at {best.rate:.4g}/s with a "
            f"confidence of 99 % ({len(best.latency_us)} queries, {record.configuration} on {record.device})"
        )
        return CheckResult("PASS", "load", model, _protocol(limit), text=text, unit="s", limit=limit.seconds)
    return _failed(model, limit, f"{_why(limit, record, at_rate)}; {how}")


def _why(limit: LoadLimit, record: LoadRecord, at_rate: Sequence[LoadTrial]) -> str:
    """Why no trial shows that the limit is held."""
    state = "" if record.status == "ok" else f" (the test is {record.status}: {record.reason})"
    whole = [trial for trial in at_rate if trial.ended == "all"]
    if not at_rate:
        reason = record.verdict or record.reason or "it holds no rate"
        return f"load not held: no trial confirms {limit.rate:g}/s or more; {reason}{state}"
    if whole:
        nearest = min(whole, key=_rate)
        if len(nearest.latency_us) < least_values(limit.percent):
            few = f"{len(nearest.latency_us)} queries at {nearest.rate:.4g}/s"
            return f"{few} cannot bound a p{limit.percent:g}, which takes {least_values(limit.percent)}"
        bound, late = nearest.bound(limit.percent), nearest.late(limit.seconds)
        found = f"p{limit.percent:g} at {nearest.rate:.4g}/s is {_ms(nearest.latency(limit.percent))}"
        return (
            f"load not held: {found}, at most {_ms(bound)} with a confidence of 99 %, and {late} of "
            f"{len(nearest.latency_us)} queries are later than {_ms(limit.seconds)}{state}"
        )
    nearest = min(at_rate, key=_rate)
    late = nearest.late(record.budget_s or math.inf)
    return f"load not held: {late} of {len(nearest.latency_us)} queries were late at {nearest.rate:.4g}/s{state}"


def _failed(model: str, limit: LoadLimit, text: str) -> CheckResult:
    return CheckResult("REGRESSION", "load", model, _protocol(limit), text=text, unit="s", limit=limit.seconds)


def _protocol(limit: LoadLimit) -> str:
    return f"load {limit.text}"


def _how(candidate: Selection, model: str, limit: LoadLimit) -> str:
    budget = f"{1e3 * limit.seconds:g}ms"
    size = f" --resolutions {limit.size[0]}x{limit.size[1]}" if limit.size else ""
    device = f" --device {limit.device}" if limit.device else ""
    return (
        f"measure with `spgbench profile --load server --budget-p99 {budget} --load-rate {limit.rate:g}/s "
        f"--models {model}{size}{device} -o {candidate.run.layout.out}`"
    )


def _rate(trial: LoadTrial) -> float:
    return trial.rate or 0.0


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.4g} ms"
