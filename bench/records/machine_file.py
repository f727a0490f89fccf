"""`environment.json` of profiles and load tests: the machine, and the models in the order of their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.records.decoding import decode
from bench.strict_json import parse_json

__all__ = ["read_environment", "without_version"]


def read_environment(file: Path, version: int) -> tuple[dict[str, Any], str]:
    """The content of a file, and what is wrong with it: a phrase, or nothing."""
    name = f"{file.parent.name}/{file.name}"
    try:
        data = parse_json(file.read_text(encoding="utf-8"))
    except OSError:
        return {}, f"no {name}"
    except ValueError:
        return {}, f"a {name} that does not parse"
    try:
        found = without_version(data, version)
        for model in found["models"]:
            decode(str, model["name"], "name")
            decode(str, model["fingerprint"], "fingerprint")
    except (ValueError, KeyError, TypeError) as error:
        return {}, f"a {name} with {error}" if isinstance(error, _OtherVersion) else f"a {name} of another form"
    return data, ""


def without_version(data: Any, version: int) -> dict[str, Any]:
    """A parsed object without its format; raises ValueError for another format, and for what is no object."""
    if not isinstance(data, dict):
        raise ValueError("no object")  # noqa: TRY004 (what callers catch)
    if data.get("format") != version:
        raise _OtherVersion(f"format {data.get('format')!r}"[:40])
    return {name: part for name, part in data.items() if name != "format"}


class _OtherVersion(ValueError):
    """Another version's file."""
