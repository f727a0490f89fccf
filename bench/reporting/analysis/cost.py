"""What every model of a run costs at one configuration, beside what it gives: read from a profile's records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.records import Run
from bench.records.profile import Configuration, Profile, ProfileLayout, ProfileRecord, read_profile
from bench.reporting.titles import resolution_title

__all__ = ["Cost", "RunCosts", "profile_of", "run_costs"]


@dataclass(frozen=True)
class Cost:
    """Of one model.

    Attributes:
        record: at the chosen configuration.
        best: the record of that size and setting with the highest throughput.
    """

    record: ProfileRecord
    best: ProfileRecord

    @property
    def memory(self) -> float:
        """Peak bytes: allocated on the device, of a CPU resident in the process; NaN where it was not measured."""
        peak = self.record.peak_memory
        return float(peak.get("allocated", peak.get("resident", math.nan)))

    @property
    def multiply_adds(self) -> float:
        """Of one picture; NaN where the operations are not known."""
        flops = self.record.flops
        return math.nan if flops is None else flops / 2 / self.record.configuration.batch_size


@dataclass(frozen=True)
class RunCosts:
    """Of a run's models.

    Attributes:
        configuration: the one that all were measured at.
        device: on what.
        of: a model each, in the order of the run; None where there is no number.
        others: models that the profile knows with another fingerprint only.
    """

    configuration: Configuration
    device: str
    of: tuple[Cost | None, ...]
    others: tuple[str, ...]

    @property
    def title(self) -> str:
        """`256 x 256, batch 1, fp32 eager, on a processor`."""
        chosen = self.configuration
        return f"{resolution_title(chosen)}, batch {chosen.batch_size}, {chosen.setting}, on {self.device}"


def profile_of(run: Run, folder: Path | None = None) -> Profile | None:
    """The profile in `folder`, or the one beside the run if there is one.

    Raises:
        UsageError: when `folder` holds none, or one was edited or damaged.
    """
    if folder is None and not ProfileLayout(run.layout.out).environment_file.exists():
        return None
    return read_profile(run.layout.out if folder is None else folder)


def run_costs(run: Run, profile: Profile) -> RunCosts | None:
    """The models of the run at the configuration that tells most of them apart; None when none was measured.

    That is, of the configurations at the run's size (or any, if there are none), the one at which most models were
    measured; among those full precision and eager mode, then the smallest batch.
    """
    models = [model.key for model in run.info.models]
    measured = [
        record for record in profile.records if record.measured and (record.model, record.fingerprint) in models
    ]
    if not measured:
        return None
    chosen = max(dict.fromkeys(record.configuration for record in measured), key=lambda one: _rank(run, one, measured))
    known = {name for name, _ in profile.models}
    found = {model: profile.of(*model) for model in models}
    others = tuple(name for name, fingerprint in models if name in known and (name, fingerprint) not in profile.models)
    facts = profile.environment
    device = f"{facts['device_name']} ({facts['device']})"
    return RunCosts(chosen, device, tuple(_cost(found[model], chosen) for model in models), others)


def _rank(run: Run, configuration: Configuration, measured: Sequence[ProfileRecord]) -> tuple[bool, int, bool, int]:
    height, _, width = run.info.dataset.size.partition("x")
    of_size = configuration.resolution == f"{height}x{width or height}"
    models = {(record.model, record.fingerprint) for record in measured if record.configuration == configuration}
    return of_size, len(models), configuration.setting == "fp32 eager", -configuration.batch_size


def _cost(records: Sequence[ProfileRecord], chosen: Configuration) -> Cost | None:
    alike = [
        record
        for record in records
        if record.measured
        and (record.configuration.resolution, record.configuration.setting) == (chosen.resolution, chosen.setting)
    ]
    at = next((record for record in alike if record.configuration == chosen), None)
    return None if at is None else Cost(at, max(alike, key=lambda record: record.throughput))
