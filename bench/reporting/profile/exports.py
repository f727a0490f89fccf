"""A profile in the formats of other tools: pytest-benchmark's JSON and Bencher's Metric Format."""

from __future__ import annotations

import json
import statistics
from typing import Any

from bench.records.profile import Profile, ProfileRecord

__all__ = ["as_bencher", "as_pytest_benchmark"]

_VERSION = "5.1.0"  # of pytest-benchmark, whose files have this form


def as_pytest_benchmark(profile: Profile) -> str:
    """What `pytest-benchmark compare FILE` reads: a benchmark a configuration, with its raw seconds."""
    facts = profile.environment
    data = {
        "machine_info": {
            "node": facts["device_name"],
            "system": facts["system"],
            "python_version": facts["python"],
            "cpu": {"brand_raw": facts["device_name"], "count": facts["cores"]},
        },
        "commit_info": {"id": "unversioned", "time": None, "author_time": None, "dirty": False, "branch": "(unknown)"},
        "benchmarks": [_benchmark(record) for record in profile.records if record.measured],
        "datetime": facts["started"],
        "version": _VERSION,
    }
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_bencher(profile: Profile) -> str:
    """Bencher's JSON adapter: latency in nanoseconds (p50, p10 to p90 around it), throughput, memory, operations."""
    found = {_name(record): _measures(record) for record in profile.records if record.measured}
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _name(record: ProfileRecord) -> str:
    configuration = record.configuration
    setting = configuration.setting.replace(" ", "-")
    return f"{record.model}/{record.device}/{configuration.resolution}/batch-{configuration.batch_size}/{setting}"


def _measures(record: ProfileRecord) -> dict[str, dict[str, float]]:
    low, middle, high = (record.latency(percent) for percent in (10, 50, 90))
    batch = record.configuration.batch_size
    measures = {
        "latency": {"value": middle * 1e9, "lower_value": low * 1e9, "upper_value": high * 1e9},
        "throughput": {"value": batch / middle, "lower_value": batch / high, "upper_value": batch / low},
    }
    for name, size in record.peak_memory.items():
        measures[f"peak-{name}-memory"] = {"value": float(size)}
    for name, count in (("flops", record.flops), ("parameters", record.parameters)):
        if count is not None:
            measures[name] = {"value": float(count)}
    return measures


def _benchmark(record: ProfileRecord) -> dict[str, Any]:
    configuration = record.configuration
    params = {
        "model": record.model,
        "resolution": configuration.resolution,
        "batch_size": configuration.batch_size,
        "setting": configuration.setting,
    }
    return {
        "group": f"{configuration.resolution} batch {configuration.batch_size} on {record.device}",
        "name": _name(record),
        "fullname": _name(record),
        "params": params,
        "param": configuration.setting,
        "extra_info": {"fingerprint": record.fingerprint, "status": record.status, "void": record.invalid},
        "options": {"disable_gc": False, "timer": "perf_counter", "min_rounds": 3, "max_time": 0, "min_time": 0},
        "stats": _stats(record),
    }


def _stats(record: ProfileRecord) -> dict[str, Any]:
    values = sorted(record.wall_s)
    first, middle, third = (record.latency(percent) for percent in (25, 50, 75))
    mean, deviation = statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0
    spread = third - first
    inside = [value for value in values if first - 1.5 * spread <= value <= third + 1.5 * spread]
    far = sum(abs(value - mean) > deviation for value in values)
    return {
        "min": values[0],
        "max": values[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": len(values),
        "median": middle,
        "iqr": spread,
        "q1": first,
        "q3": third,
        "iqr_outliers": len(values) - len(inside),
        "stddev_outliers": far,
        "outliers": f"{far};{len(values) - len(inside)}",
        "ld15iqr": inside[0],
        "hd15iqr": inside[-1],
        "ops": 1 / mean,
        "total": sum(values),
        "data": list(record.wall_s),
        "iterations": 1,
    }
