"""What a load test leaves on disk, and its reader: one line a scenario and configuration, every latency kept.

    OUT/load/environment.json                      the machine, the plan, what ran
    OUT/load/<model>/<fingerprint12>.jsonl         a LoadRecord a line

The arrival of query i in a trial follows from its rate and seed (`bench.profiling.load.arrivals`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.errors import UsageError
from bench.records.decoding import decode
from bench.records.files import write_atomically
from bench.records.layout import folder_name
from bench.records.machine_file import read_environment, without_version
from bench.records.profile import Configuration, ProfileOutcome, ProfileRecord
from bench.records.schema import dump
from bench.records.steadiness import Looks
from bench.statistics.percentiles import allowed_above, percentile_bound
from bench.strict_json import parse_json

__all__ = [
    "LOAD_FORMAT",
    "PERCENTS",
    "SCENARIOS",
    "LoadEnd",
    "LoadLayout",
    "LoadPurpose",
    "LoadRecord",
    "LoadResults",
    "LoadTrial",
    "Scenario",
    "read_load",
    "read_load_records",
    "write_load_environment",
    "write_load_records",
]

LOAD_FORMAT = 1
"""Version of the files under `load/`; a reader refuses another one."""

Scenario = Literal["single-stream", "multi-stream", "offline", "server"]
LoadPurpose = Literal["measure", "search", "confirm"]
LoadEnd = Literal["all", "late", "stopped"]

SCENARIOS: tuple[Scenario, ...] = ("single-stream", "multi-stream", "offline", "server")
PERCENTS: dict[Scenario, float] = {"single-stream": 90, "multi-stream": 99, "offline": 90, "server": 99}
"""The percentile of latency that each scenario of MLPerf Inference looks at."""


@dataclass(frozen=True)
class LoadTrial:
    """One series of queries.

    Attributes:
        purpose: `measure`; of the server scenario `search` for a rate, or `confirm` it by arrivals of another seed.
        rate: queries a second that arrive, or None where each query waits for the one before.
        seed: of the arrivals and of the choice of pictures.
        queries: how many were planned.
        pictures: in each query.
        largest_batch: pictures that one call takes at most.
        latency_us: microseconds from the scheduled arrival to the answer, of each query in the order of arrival.
        calls: of the model.
        seconds: from the start to the last answer.
        ended: `all`: every query was answered; `late`: so many were late that the rest could not matter; `stopped`.
    """

    purpose: LoadPurpose
    rate: float | None
    seed: int
    queries: int
    pictures: int
    largest_batch: int
    latency_us: tuple[int, ...]
    calls: int
    seconds: float
    ended: LoadEnd = "all"

    def latency(self, percent: float) -> float:
        """Seconds; a percentile of the answered queries by linear interpolation, NaN without any."""
        return float(np.percentile(self.latency_us, percent)) / 1e6 if self.latency_us else math.nan

    def bound(self, percent: float) -> float:
        """Seconds that the percentile lies at or below with a confidence of 99 %; infinite for too few queries.

        Of a trial that ended for late queries it is what that bound would have been at least.
        """
        planned = self.queries if self.ended == "late" else None
        return percentile_bound(self.latency_us, percent, planned=planned) / 1e6

    def late(self, limit: float) -> int:
        """Answered queries that took more than `limit` seconds."""
        return sum(taken > limit * 1e6 for taken in self.latency_us)

    def holds(self, percent: float, limit: float) -> bool:
        """Whether the percentile lies within `limit` seconds with a confidence of 99 %; False unless all answered."""
        return self.ended == "all" and self.late(limit) <= allowed_above(len(self.latency_us), percent)

    @property
    def pictures_per_s(self) -> float:
        """Pictures that were answered a second; NaN without any."""
        return self.pictures * len(self.latency_us) / self.seconds if self.latency_us and self.seconds else math.nan


@dataclass(frozen=True)
class LoadRecord:
    """One scenario of one configuration of one model on one device.

    Attributes:
        model, fingerprint: as in a run's cells, so that quality can be put beside the load.
        device: torch device, `cpu` or `cuda:0`.
        device_name: of the processor or the GPU.
        configuration: its batch size is the largest that one call takes.
        scenario: as of MLPerf Inference.
        status: `ok`; `partial`: stopped early; `unsupported`, `out-of-memory`, `failed`, with the reason; `not-run`.
        reason: why not `ok`, or why no rate is held; else empty.
        percent: the percentile of latency that the scenario looks at.
        budget_s: limit of that percentile in seconds, or None but for the server scenario.
        asked_rate: queries a second to test at first, or None for a search from the capacity down.
        call_s: seconds of warm calls with one picture, in the order of time.
        trials: in the order of time.
        references: reference kernel to its seconds before and after: medians of the looks.
        looks: the same kernels, look by look, with the noise of this run; they all bind.
        environment: versions, threads, driver; what the machine did meanwhile, as of a ProfileRecord.
    """

    model: str
    fingerprint: str
    device: str
    device_name: str
    configuration: Configuration
    scenario: Scenario
    status: ProfileOutcome
    reason: str = ""
    percent: float = 99
    budget_s: float | None = None
    asked_rate: float | None = None
    call_s: tuple[float, ...] = ()
    trials: tuple[LoadTrial, ...] = ()
    references: dict[str, tuple[float, float]] = field(default_factory=dict)
    looks: dict[str, Looks] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        """Whether there are latencies."""
        return any(trial.latency_us for trial in self.trials)

    @property
    def confirmed(self) -> LoadTrial | None:
        """The trial that confirms the highest held rate of a server scenario, or None."""
        if self.budget_s is None:
            return None
        held = [trial for trial in self.trials if trial.purpose == "confirm" and self.holds(trial)]
        return max(held, key=lambda trial: trial.rate or 0.0, default=None)

    @property
    def verdict(self) -> str:
        """What a server scenario found, a phrase; empty for the others, and without trials."""
        if self.scenario != "server" or not self.trials:
            return ""
        held, asked = self.confirmed, ""
        if self.asked_rate is not None and (held is None or (held.rate or 0.0) < self.asked_rate):
            asked = f"{self.asked_rate:.4g}/s is not held; "
        if held is not None:
            return f"{asked}highest rate held: {held.rate:.4g}/s"
        in_search = [trial.rate for trial in self.trials if trial.rate is not None and self.holds(trial)]
        unsure = f" (in the search {max(in_search):.4g}/s was)" if in_search else ""
        return f"{asked}no rate is held{unsure}"

    def holds(self, trial: LoadTrial) -> bool:
        """Whether a trial shows that the percentile is within the budget."""
        return self.budget_s is not None and trial.holds(self.percent, self.budget_s)

    @property
    def result(self) -> LoadTrial | None:
        """The trial that the scenario reports: the confirming one of a server, the only one of the others."""
        if self.scenario == "server":
            return self.confirmed
        return next((trial for trial in reversed(self.trials) if trial.latency_us), None)

    @cached_property
    def invalid(self) -> str:
        """Why the latencies must not be believed, or empty: by the rules of a profile's times."""
        return self._as_profile.invalid

    @property
    def not_quiet(self) -> str:
        """What is known of a machine that was not quiet; empty for one that was."""
        return self._as_profile.not_quiet

    @property
    def _as_profile(self) -> ProfileRecord:
        return ProfileRecord(
            self.model,
            self.fingerprint,
            self.device,
            self.device_name,
            self.configuration,
            self.status,
            wall_s=self.call_s,
            references=self.references,
            looks=self.looks,
            environment=self.environment,
        )

    def to_line(self) -> str:
        """One JSON line, with its newline."""
        data = {"format": LOAD_FORMAT, **asdict(self)}
        return json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False) + "\n"

    @classmethod
    def from_line(cls, line: str) -> LoadRecord:
        """Inverse of `to_line`; raises ValueError, TypeError or others on a truncated or foreign line."""
        record = decode(cls, without_version(parse_json(line), LOAD_FORMAT))
        _ = record.invalid, record.not_quiet  # raises where the facts of the machine are not what they must be
        return record


@dataclass(frozen=True)
class LoadLayout:
    """Paths of a load test inside an output folder."""

    out: Path

    @property
    def environment_file(self) -> Path:
        """The machine, and the command's own facts."""
        return self.out / "load" / "environment.json"

    def records_file(self, model: str, fingerprint: str) -> Path:
        """The records of one model."""
        return self.out / "load" / folder_name(model) / f"{folder_name(fingerprint[:12])}.jsonl"


@dataclass(frozen=True)
class LoadResults:
    """Everything under `load/`.

    Attributes:
        layout: where.
        environment: `environment.json`: `models` (name, fingerprint, in table order), `device`, `device_name`,
            `started`, `finished`, `status` (`whole`, `budget`, `interrupted`), `not_loaded`, versions.
        records: of all models in their order; of a model in the order of time.
    """

    layout: LoadLayout
    environment: dict[str, Any]
    records: tuple[LoadRecord, ...]

    def of(self, model: str, fingerprint: str) -> list[LoadRecord]:
        """The records of one model."""
        return [record for record in self.records if (record.model, record.fingerprint) == (model, fingerprint)]


def write_load_records(path: Path, records: Iterable[LoadRecord]) -> None:
    """Write the records of one model, whole or not at all."""
    write_atomically(path, "".join(record.to_line() for record in records), durable=True)


def write_load_environment(layout: LoadLayout, environment: Mapping[str, Any]) -> None:
    """Write `environment.json`."""
    write_atomically(layout.environment_file, dump({"format": LOAD_FORMAT, **environment}), durable=True)


def read_load_records(path: Path) -> list[LoadRecord]:
    """The records of one model; raises UsageError when a line was edited or damaged."""
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        return [LoadRecord.from_line(line) for line in lines if line]
    except (OSError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        fix = "Delete the file and test again."
        raise UsageError(f"load records {path}", "be as the load test wrote them", repr(error), fix) from error


def read_load(out: Path) -> LoadResults:
    """Open the load tests in an output folder; raises UsageError when none of this format is there."""
    layout = LoadLayout(out)
    environment, found = read_environment(layout.environment_file, LOAD_FORMAT)
    if found:
        must = f"hold a load test of format {LOAD_FORMAT}"
        raise UsageError(f"folder {out}", must, found, "Give the -o folder of `spgbench profile --load server`.")
    files = [layout.records_file(model["name"], model["fingerprint"]) for model in environment["models"]]
    return LoadResults(layout, environment, tuple(record for file in files for record in read_load_records(file)))
