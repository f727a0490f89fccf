"""How spgbench behaves with many records: resume, aggregation and report of synthetic runs, and what they cost.

    python -m tests.support.big_runs resume       100,000 finished records, 16 to go: seconds until the first fill
    python -m tests.support.big_runs aggregate    1,000,000 records in 5 cells: reduced to cell.json
    python -m tests.support.big_runs report       the same, reduced: `spgbench report`

Records have the real schema and 20 values each. The cost is that of one process, printed as CPU seconds, wall seconds
and peak memory. Making the records is not counted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import bench.data
from bench.evaluation.plan import SHARD_SIZE
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.records import CellKey, RunLayout, read_run
from bench.records.manifest import read_manifest
from bench.vocabulary import Batch, LabelSources, Prediction, Sample

PROTOCOL = "center-50"
METRICS = ("psnr", "ssim", "l1", "ms-ssim", "gradient")


class ManyPictures:
    """Small pictures of noise, each its own version, which cost nothing to read."""

    name, classes, objects = "many", (), ()

    def __init__(self, n: int) -> None:
        self.ids = [f"p{index:07d}" for index in range(n)]
        self.revision = hashlib.sha256(str(n).encode()).hexdigest()
        self.rules = hashlib.sha256(b"many").hexdigest()

    def sample_revisions(self) -> Sequence[str]:
        """A hash of each id."""
        return [hashlib.sha256(name.encode()).hexdigest() for name in self.ids]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        return Sample(self.ids[index], np.random.default_rng(index).integers(0, 256, (32, 32, 3), np.uint8))


class FirstFill(BaseException):
    """The run has begun to compute."""


class Stopping:
    """A model that says when it is called first, and ends the run."""

    label_sources = LabelSources()

    def __init__(self, name: str, *, stops: bool) -> None:
        self.name, self.fingerprint, self._stops = name, hashlib.sha256(name.encode()).hexdigest(), stops

    def inpaint(self, batch: Batch) -> Prediction:
        """A grey fill."""
        if self._stops:
            raise FirstFill
        return Prediction(batch.image.masked_fill(batch.hole, 0.5))
