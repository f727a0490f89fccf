"""`.manifest.json`: the pictures of a run in order, and all that reducing a cell needs beside its records.

A run writes it before its first picture. So folders that hold parts of one run can be merged without the pictures, the
models and the judge.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from bench.errors import UsageError
from bench.records.decoding import FieldError, decode
from bench.records.files import write_atomically
from bench.records.layout import RunLayout
from bench.strict_json import parse_json

__all__ = ["MANIFEST_FORMAT", "MOST_FILES", "Manifest", "ProtocolManifest", "read_manifest", "write_manifest"]

MANIFEST_FORMAT = 1
"""Version of `.manifest.json`; a reader refuses another one."""

MOST_FILES = 1000
"""Files of records of a whole cell: file systems that many machines share are slow by the file."""


@dataclass(frozen=True)
class ProtocolManifest:
    """What the cells of one protocol hold.

    Attributes:
        asked: hash of all that a whole cell must hold, as in `run.json`.
        signatures: `metric.region` to its signature.
        values: `metric.region` of every value that an `ok` picture has.
        features: names of the features that an `ok` picture has.
        sets: metrics of sets of pictures, in order.
        refused: `metric.region` to why it is not taken.
        undefined: `metric.region` to why no picture may have a value.
        labels: model to where its labels come from.
        ranked_by: `metric.region` that chooses the worst and the best pictures; empty for none.
    """

    asked: str
    signatures: dict[str, str]
    values: tuple[str, ...]
    features: tuple[str, ...]
    sets: tuple[str, ...]
    refused: dict[str, str]
    undefined: dict[str, str]
    labels: dict[str, dict[str, str]]
    ranked_by: str


@dataclass(frozen=True)
class Manifest:
    """The pictures of a run, and what its cells hold.

    Attributes:
        code: hash of the source text of the packages.
        samples: ids of the pictures, in order.
        revisions: hash of all that each of them depends on.
        shard_size: pictures a shard.
        classes: keys of the data set's classes, for metrics by class.
        protocols: by name.
        shares: in how many shares the run was cut by hand; 1 for a run of the whole.
    """

    code: str
    samples: tuple[str, ...]
    revisions: tuple[str, ...]
    shard_size: int
    classes: tuple[str, ...]
    protocols: dict[str, ProtocolManifest]
    shares: int = 1

    @property
    def revision_of(self) -> dict[str, str]:
        """Sample id to its revision, in order."""
        return dict(zip(self.samples, self.revisions, strict=True))

    def shards(self) -> list[tuple[str, ...]]:
        """Ids of the pictures of every shard."""
        step = self.shard_size
        return [self.samples[start : start + step] for start in range(0, len(self.samples), step)]

    def files(self) -> list[tuple[str, ...]]:
        """Ids of the pictures of every file of a whole cell: whole shards, several a file in a large run."""
        step = self.shard_size * max(1, math.ceil(len(self.samples) / (self.shard_size * MOST_FILES)))
        return [self.samples[start : start + step] for start in range(0, len(self.samples), step)]


def write_manifest(layout: RunLayout, manifest: Manifest) -> None:
    """Write `.manifest.json`; numbers are reduced in the order of `signatures`, so that it stays."""
    protocols = {name: asdict(protocol) for name, protocol in manifest.protocols.items()}
    data = {"format": MANIFEST_FORMAT, **vars(manifest), "protocols": protocols}
    write_atomically(layout.manifest, json.dumps(data, separators=(",", ":"), ensure_ascii=False))


def read_manifest(layout: RunLayout) -> Manifest:
    """Read `.manifest.json`; raises UsageError where it is missing, damaged or of another format."""
    must = f"hold a manifest of format {MANIFEST_FORMAT}"
    fix = "Give the same `spgbench run` command for this folder again: it writes the file, and keeps what is recorded."
    try:
        data = parse_json(layout.manifest.read_bytes())
        if not isinstance(data, dict) or data.pop("format", None) != MANIFEST_FORMAT:
            raise FieldError("format", f"be {MANIFEST_FORMAT}", "another one")
        manifest = decode(Manifest, data)
        if len(manifest.samples) != len(manifest.revisions) or manifest.shard_size < 1:
            raise FieldError("revisions", "be as many as samples", str(len(manifest.revisions)))
    except FileNotFoundError as error:
        raise UsageError(f"folder {layout.out}", must, f"no {layout.manifest.name}", fix) from error
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"file {layout.manifest}", must, str(error), fix) from error
    return manifest
