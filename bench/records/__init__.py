"""What a run leaves on disk, and its reader."""

from bench.records.files import read_shard, write_atomically, write_cell, write_shard
from bench.records.layout import CellKey, RunLayout, folder_name
from bench.records.lock import locked
from bench.records.reader import Run, read_run, read_run_info
from bench.records.run_info import (
    DatasetInfo,
    EnvironmentInfo,
    GpuUse,
    ModelInfo,
    ModelSize,
    RunInfo,
    SplitListInfo,
    WeightsInfo,
)
from bench.records.schema import FORMAT, CellRecord, Failures, PredictionWarning, Record, Score, dump

__all__ = [
    "FORMAT",
    "CellKey",
    "CellRecord",
    "DatasetInfo",
    "EnvironmentInfo",
    "Failures",
    "GpuUse",
    "ModelInfo",
    "ModelSize",
    "PredictionWarning",
    "Record",
    "Run",
    "RunInfo",
    "RunLayout",
    "Score",
    "SplitListInfo",
    "WeightsInfo",
    "dump",
    "folder_name",
    "locked",
    "read_run",
    "read_run_info",
    "read_shard",
    "write_atomically",
    "write_cell",
    "write_shard",
]
