"""What a profile leaves on disk, and its reader: one line a configuration, every raw sample kept.

    OUT/profile/environment.json                      the machine as it was before and after, what it can do, what ran
    OUT/profile/<model>/<fingerprint12>.jsonl         a ProfileRecord a line, in the order of measurement

docs/reference/profiles.md describes the files.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.errors import UsageError
from bench.records.bound import Bound
from bench.records.contention import Contention
from bench.records.decoding import decode
from bench.records.end_to_end import EndToEnd
from bench.records.files import write_atomically
from bench.records.layout import folder_name
from bench.records.machine_file import read_environment, without_version
from bench.records.schema import dump
from bench.records.steadiness import Looks, Steadiness
from bench.strict_json import parse_json

__all__ = [
    "MEMORY_FORMATS",
    "MODES",
    "PRECISIONS",
    "PROFILE_FORMAT",
    "Configuration",
    "MemoryFormat",
    "Mode",
    "Precision",
    "Profile",
    "ProfileLayout",
    "ProfileOutcome",
    "ProfileRecord",
    "read_profile",
    "read_records",
    "write_environment",
    "write_records",
]

PROFILE_FORMAT = 1
"""Version of the files under `profile/`; a reader refuses another one."""

Precision = Literal["fp32", "tf32", "bf16", "fp16"]
MemoryFormat = Literal["contiguous", "channels-last"]
Mode = Literal["eager", "compile", "cuda-graphs"]
ProfileOutcome = Literal["ok", "partial", "unsupported", "out-of-memory", "failed", "not-run"]

PRECISIONS: tuple[Precision, ...] = ("fp32", "tf32", "bf16", "fp16")
MEMORY_FORMATS: tuple[MemoryFormat, ...] = ("contiguous", "channels-last")
MODES: tuple[Mode, ...] = ("eager", "compile", "cuda-graphs")


@dataclass(frozen=True, order=True)
class Configuration:
    """One point of a sweep.

    Attributes:
        height, width: of the pictures, in pixels.
        batch_size: pictures a call.
        precision: fp32 is full float32; tf32 rounds the factors of products to 10 bits on GPUs that can; bf16 and fp16
            are autocast.
        memory_format: order of the axes in memory, of weights and pictures.
        mode: how the model is called.
    """

    height: int
    width: int
    batch_size: int = 1
    precision: Precision = "fp32"
    memory_format: MemoryFormat = "contiguous"
    mode: Mode = "eager"

    @property
    def resolution(self) -> str:
        """`512x1024`, height first."""
        return f"{self.height}x{self.width}"

    @property
    def setting(self) -> str:
        """All but size and batch: `bf16 compile channels-last`; what is usual (contiguous) is left out."""
        layout = "" if self.memory_format == "contiguous" else self.memory_format
        return " ".join(filter(None, (self.precision, self.mode, layout)))

    def __str__(self) -> str:
        return f"{self.resolution} batch {self.batch_size} {self.setting}"


@dataclass(frozen=True)
class ProfileRecord:
    """One configuration of one model on one device.

    Attributes:
        model, fingerprint: as in a run's cells, so that quality can be put beside cost.
        device: torch device, `cpu` or `cuda:0`.
        device_name: of the processor or the GPU.
        configuration: what was asked for.
        status: `ok`; `partial`: fewer samples than asked for; `unsupported`, `out-of-memory`, `failed`: no number,
            with the reason; `not-run`: the budget ran out, or the command was stopped, before its turn.
        reason: why not `ok`, else empty.
        wall_s: every timed call in seconds on the host's clock, from call to finished result, in order.
        device_s: the same calls between two events on the device itself; empty on a CPU.
        busy_s: device seconds of further calls, each queued whole behind a wait, so that the device never waited for a
            launch; empty where there are no events.
        warmup_s: the calls before the timing became steady, after the first one.
        first_call_s: the very first call, with everything that is set up at first use.
        compile_s: first call less a later one, for compiled modes, or None.
        stages: stage to its seconds, a sample each, in the order of the work; empty for models without stages.
        end_to_end: a batch from the bytes of its files to those of its answers, or None where that was not asked for.
        peak_memory: bytes: `resident` (high water of the process), on a GPU `allocated` and `reserved`.
        parameters: numbers that the model holds, or None where it is not a torch module.
        flops: operations a call as torch counts them (a multiply-add is two), or None.
        graphs, graph_breaks: of the compiler, or None where it did not look.
        energy_j: joules a call, where the device says.
        output_change: largest and mean absolute difference of the picture (0 to 1) from the same model's in fp32 eager,
            `{"max": ..., "mean": ...}`, or None where that was not run.
        bound: the roofline, or None where the model's operations are not known.
        references: reference kernel to its seconds before and after this configuration: medians of the looks.
        looks: the same kernels, look by look, with the noise of this run; empty in records of earlier versions.
        environment: versions, threads, driver; `before` and `after` hold clocks, temperature, throttle reasons;
            `contention` what else the machine did.
    """

    model: str
    fingerprint: str
    device: str
    device_name: str
    configuration: Configuration
    status: ProfileOutcome
    reason: str = ""
    wall_s: tuple[float, ...] = ()
    device_s: tuple[float, ...] = ()
    busy_s: tuple[float, ...] = ()
    warmup_s: tuple[float, ...] = ()
    first_call_s: float | None = None
    compile_s: float | None = None
    stages: dict[str, tuple[float, ...]] = field(default_factory=dict)
    end_to_end: EndToEnd | None = None
    peak_memory: dict[str, int] = field(default_factory=dict)
    parameters: int | None = None
    flops: int | None = None
    graphs: int | None = None
    graph_breaks: int | None = None
    energy_j: float | None = None
    output_change: dict[str, float] | None = None
    bound: Bound | None = None
    references: dict[str, tuple[float, float]] = field(default_factory=dict)
    looks: dict[str, Looks] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        """Whether there are numbers."""
        return bool(self.wall_s)

    def latency(self, percent: float = 50) -> float:
        """Seconds a call on the host's clock, what a user waits: a percentile by linear interpolation, NaN without."""
        return _percentile(self.wall_s, percent)

    def device_latency(self, percent: float = 50) -> float:
        """Seconds a call between two events on the device; NaN on a CPU, which has none."""
        return _percentile(self.device_s, percent)

    @property
    def throughput(self) -> float:
        """Pictures a second at the median latency; NaN without samples."""
        return self.configuration.batch_size / self.latency() if self.measured else math.nan

    @property
    def share_of_bound(self) -> float | None:
        """The roofline's time over the measured one, 0 to 1 and a bit for noise; None where one of the two lacks."""
        if self.bound is None or not self.measured:
            return None
        return self.bound.seconds / (self.device_latency() if self.device_s else self.latency())

    @property
    def busy_share(self) -> float | None:
        """Share of the latency that the device works, 0 to 1 and a bit for noise; None where that is not known."""
        return statistics.median(self.busy_s) / self.latency() if self.busy_s and self.measured else None

    @property
    def drift(self) -> float:
        """How far the reference kernel that moved most did so, of those that bind, as a share; 0 without references."""
        return self._steadiness.drift

    @property
    def invalid(self) -> str:
        """Why the timing must not be believed, or empty: the machine was not quiet, not steady, or slowed itself."""
        steadiness = self._steadiness
        reasons = steadiness.reasons
        began, ended = (set(self.environment.get(when, {}).get("throttle", ())) for when in ("before", "after"))
        reasons += [f"throttled: {reason}" for reason in sorted(ended - began)]
        if self.contention is not None:
            reasons += self.contention.reasons(steadiness.least, steadiness.limits)
        return "; ".join(reasons)

    @property
    def contention(self) -> Contention | None:
        """What was seen of the machine meanwhile; None in a record of an earlier version."""
        seen = self.environment.get("contention")
        return None if seen is None else Contention.from_json(seen)

    @property
    def not_quiet(self) -> str:
        """What is known of a machine that was not quiet; empty for one that was."""
        steadiness = self._steadiness
        return self.contention.explained(steadiness.least, steadiness.limits) if self.contention is not None else ""

    @property
    def _steadiness(self) -> Steadiness:
        return Steadiness(self.references, self.looks)

    def to_line(self) -> str:
        """One JSON line, with its newline; keys in the order of the fields, stages in the order of the work."""
        data = {"format": PROFILE_FORMAT, **asdict(self)}
        return json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False) + "\n"

    @classmethod
    def from_line(cls, line: str) -> ProfileRecord:
        """Inverse of `to_line`; raises ValueError, TypeError or others on a truncated or foreign line."""
        data = without_version(parse_json(line), PROFILE_FORMAT)
        record = decode(cls, data)
        if not all(seconds > 0 for seconds in (*record.wall_s, *record.device_s)):
            raise ValueError("times of calls must be above 0 s")
        _ = record.invalid, record.not_quiet  # raises where the facts of the machine are not what they must be
        return record


@dataclass(frozen=True)
class ProfileLayout:
    """Paths of a profile inside an output folder."""

    out: Path

    @property
    def environment_file(self) -> Path:
        """The machine, and the command's own facts."""
        return self.out / "profile" / "environment.json"

    def records_file(self, model: str, fingerprint: str) -> Path:
        """The records of one model."""
        return self.out / "profile" / folder_name(model) / f"{folder_name(fingerprint[:12])}.jsonl"


@dataclass(frozen=True)
class Profile:
    """Everything under `profile/`.

    Attributes:
        layout: where.
        environment: `environment.json`: `models` (name, fingerprint, in table order), `device`, `device_name`,
            `started`, `finished`, `status` (`whole`, `budget`, `interrupted`), versions and machine state.
        records: of all models in their order; of a model in the order of measurement.
    """

    layout: ProfileLayout
    environment: dict[str, Any]
    records: tuple[ProfileRecord, ...]

    @property
    def models(self) -> tuple[tuple[str, str], ...]:
        """(name, fingerprint) in table order."""
        return tuple((model["name"], model["fingerprint"]) for model in self.environment["models"])

    def of(self, model: str, fingerprint: str) -> list[ProfileRecord]:
        """The records of one model."""
        return [record for record in self.records if (record.model, record.fingerprint) == (model, fingerprint)]


def write_records(path: Path, records: Iterable[ProfileRecord]) -> None:
    """Write the records of one model, whole or not at all."""
    write_atomically(path, "".join(record.to_line() for record in records), durable=True)


def write_environment(layout: ProfileLayout, environment: Mapping[str, Any]) -> None:
    """Write `environment.json`."""
    write_atomically(layout.environment_file, dump({"format": PROFILE_FORMAT, **environment}), durable=True)


def read_records(path: Path) -> list[ProfileRecord]:
    """The records of one model, none of a profile that ended before its first; raises UsageError for a damaged line."""
    try:
        text = path.read_text(encoding="utf-8")
        lines = text.removesuffix("\n").split("\n") if text else []
        return [ProfileRecord.from_line(line) for line in lines]
    except (OSError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        fix = "Delete the file and profile again."
        raise UsageError(f"profile {path}", "be as the profile wrote it", str(error), fix) from error


def read_profile(out: Path) -> Profile:
    """Open the profile in an output folder; raises UsageError when none of this format is there."""
    layout = ProfileLayout(out)
    environment, found = read_environment(layout.environment_file, PROFILE_FORMAT)
    if found:
        must = f"hold a profile of format {PROFILE_FORMAT}"
        raise UsageError(f"folder {out}", must, found, "Give the -o folder of `spgbench profile`.")
    files = [layout.records_file(model["name"], model["fingerprint"]) for model in environment["models"]]
    records = [read_records(file) for file in files]
    for file, of_model in zip(files, records, strict=True):
        if not of_model and environment.get("status") != "running":
            raise UsageError(f"profile {file}", "hold records", "an empty file", "Delete the file and profile again.")
    return Profile(layout, environment, tuple(record for of_model in records for record in of_model))


def _percentile(values: Sequence[float], percent: float) -> float:
    if not values:
        return math.nan
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
