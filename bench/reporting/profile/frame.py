"""The numbers of a profile as a pandas data frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bench.records.end_to_end import PARTS, EndToEnd
from bench.records.profile import Profile, ProfileRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plain_rows", "profile_frame"]

_MIB = 1 << 20
_MEMORY = ("resident", "allocated", "reserved")


def profile_frame(profile: Profile) -> pd.DataFrame:
    """A row a configuration, in SI units but for milliseconds and MiB; what could not be measured is missing."""
    import pandas as pd

    return pd.DataFrame([_row(record) for record in profile.records])


def _row(record: ProfileRecord) -> dict[str, Any]:
    configuration, bound = record.configuration, record.bound
    return {
        "model": record.model,
        "fingerprint": record.fingerprint,
        "device": record.device,
        "device_name": record.device_name,
        "height": configuration.height,
        "width": configuration.width,
        "batch_size": configuration.batch_size,
        "precision": configuration.precision,
        "memory_format": configuration.memory_format,
        "mode": configuration.mode,
        "status": record.status,
        "reason": record.reason,
        "void": record.invalid,
        "samples": len(record.wall_s),
        "p50_ms": 1e3 * record.latency(50),
        "p90_ms": 1e3 * record.latency(90),
        "p99_ms": 1e3 * record.latency(99),
        "device_p50_ms": 1e3 * record.device_latency(),
        "pictures_per_s": record.throughput,
        "first_call_s": record.first_call_s,
        "compile_s": record.compile_s,
        **{f"peak_{name}_mib": record.peak_memory.get(name, math.nan) / _MIB for name in _MEMORY},
        "parameters": record.parameters,
        "gflops": None if record.flops is None else record.flops / 1e9,
        "graphs": record.graphs,
        "graph_breaks": record.graph_breaks,
        "joules_per_call": record.energy_j,
        "bound_ms": None if bound is None else 1e3 * bound.seconds,
        "share_of_bound": record.share_of_bound,
        "binds": None if bound is None else bound.binds,
        "change_max": (record.output_change or {}).get("max"),
        "change_mean": (record.output_change or {}).get("mean"),
        "drift": record.drift,
        "busy_share": record.busy_share,
        "binding": ", ".join(name for name, looks in record.looks.items() if looks.binds),
        **_path(record.end_to_end),
    }


def _path(path: EndToEnd | None) -> dict[str, float]:
    """The columns of the path of a service; missing where it was not timed."""
    medians = dict.fromkeys(PARTS, math.nan) if path is None else path.medians
    split = dict.fromkeys(("copy", "compute"), math.nan) if path is None else path.split
    columns = {**medians, "copy": split["copy"], "compute": split["compute"]}
    whole = math.nan if path is None else path.latency
    return {
        f"end_to_end_{name.replace(' ', '_')}_ms": 1e3 * taken for name, taken in ({"p50": whole} | columns).items()
    }


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows for JSON, None where a number is missing."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
