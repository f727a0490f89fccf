"""Whether the tables, plots and pages of a run are there as they would be made: then nobody makes them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from bench.errors import UsageError
from bench.records import Run, write_atomically
from bench.records.layout import sample_file
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.cost import profile_of
from bench.strict_json import parse_json

__all__ = ["report_changes"]

_LIBRARIES = ("matplotlib", "pandas", "pillow", "jinja2")
_SOURCES = (".py", ".jinja", ".js", ".css", ".json")


def report_changes(analysis: RunAnalysis) -> list[Path]:
    """What `report` makes of a run; made again only when records, code or a file of the report changed.

    Returns:
        The files of the report, as `report` returns them.

    Raises:
        UsageError: as `report`.
    """
    from bench.reporting import report

    out, stamp = analysis.run.layout.out, analysis.run.layout.report_stamp
    now = _hash_inputs(analysis.run)
    made = _made(out, stamp, now)
    if made is None:
        made = report(analysis)
        files = {path.relative_to(out).as_posix(): _sha256(path) for path in made}
        write_atomically(stamp, json.dumps({"inputs": now, "files": files}))
    return made


def _made(out: Path, stamp: Path, now: str) -> list[Path] | None:
    """The files that were made of the same inputs; None when one of them is not as it was made."""
    try:
        earlier = parse_json(stamp.read_bytes())
        paths = [sample_file(out, name, "") for name in earlier["files"]]
        whole = earlier["inputs"] == now and [_sha256(path) for path in paths] == list(earlier["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UsageError):
        return None
    return paths if whole else None


def _hash_inputs(run: Run) -> str:
    total = hashlib.sha256()
    for path in _inputs(run):
        total.update(f"{path.name} {_sha256(path)}\n".encode())
    total.update(repr([(name, version(name)) for name in _LIBRARIES]).encode())
    return total.hexdigest()


def _inputs(run: Run) -> Iterator[Path]:
    """All files that a report is made of: records by their markers, kept pictures, a profile, and our own code."""
    layout = run.layout
    yield layout.run_file
    every = run.keys()
    for key in every:
        yield from (path for path in (layout.done(key),) if path.exists())
        yield from sorted((layout.cell(key) / "gallery").rglob("*.png"))
    yield from sorted((layout.gallery / "samples").rglob("*.png"))
    if profile_of(run, None) is not None:
        yield from sorted((layout.out / "profile").rglob("*.json*"))
    package = Path(__file__).parents[1]
    yield from sorted(path for path in package.rglob("*") if path.suffix in _SOURCES)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
