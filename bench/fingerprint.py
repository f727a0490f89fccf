"""Fingerprints: another weight file, code version or option is another model, with records of its own."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["PACKAGES", "fingerprint_code", "fingerprint_files", "fingerprint_sources"]

PACKAGES = ("bench", "baselines", "spgnet")
"""The packages of spgbench."""


def fingerprint_code(modules: Iterable[str], libraries: Iterable[str], options: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over the source text of `modules`, the versions of `libraries` and the `options` (JSON values)."""
    facts = {
        "modules": {module: _source_hash(module) for module in sorted(modules)},
        "libraries": {library: version(library) for library in sorted(libraries)},
        "options": dict(options),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def fingerprint_files(root: Path, files: Iterable[Path]) -> str:
    """SHA-256 (hex) over the names below `root` and the contents of `files`."""
    total = hashlib.sha256()
    for file in sorted(files):
        with file.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        total.update(f"{file.relative_to(root).as_posix()} {content}\n".encode())
    return total.hexdigest()


def fingerprint_sources() -> str:
    """SHA-256 (hex) over all modules of spgbench as they are on disk."""
    root = Path(__file__).parents[1]
    return fingerprint_files(root, (path for package in PACKAGES for path in (root / package).rglob("*.py")))


def _source_hash(module: str) -> str:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(module)
    return hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()
