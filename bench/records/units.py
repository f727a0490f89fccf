"""Times and rates as people write them: `50ms`, `20/s`."""

from __future__ import annotations

import re

from bench.errors import UsageError

__all__ = ["parse_rate", "parse_seconds"]

_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def parse_seconds(text: str, subject: str) -> float:
    """Seconds from `50ms`, `0.5s` or `800us`; raises UsageError for anything else, no unit, and 0."""
    found = re.fullmatch(rf"{_NUMBER}\s*(us|ms|s)", text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not seconds > 0:
        raise UsageError(subject, "be a time above 0 with its unit: us, ms or s", repr(text), "Give 50ms or 0.5s.")
    return seconds


def parse_rate(text: str, subject: str) -> float:
    """Queries a second from `20/s`; raises UsageError for anything else, and 0."""
    found = re.fullmatch(rf"{_NUMBER}\s*/\s*s", text.strip())
    rate = float(found[1]) if found else 0.0
    if not rate > 0:
        raise UsageError(subject, "be a number of queries a second above 0", repr(text), "Give 20/s.")
    return rate
