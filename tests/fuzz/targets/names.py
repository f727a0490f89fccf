"""Words of the command line, of suites and of catalogues."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bench.masks
from bench.evaluation.edits import Edit
from bench.evaluation.merging.share import Share
from bench.gating import LoadLimit
from bench.gating.margins import parse_limit
from bench.image_files.prediction_names import check_pattern, pair_predictions
from bench.image_files.sizes import parse_size
from bench.metrics import METRICS, MetricKey
from bench.models.io_spec import parse_io_spec
from bench.models.model_name import ModelName
from bench.records.units import parse_rate, parse_seconds
from bench.training import Mixture
from tests.fuzz.targets.target import Target

__all__ = ["NAMES"]


def _words(*words: str) -> Callable[[], list[bytes]]:
    return lambda: [word.encode() for word in words]


def _text(read: Callable[[str], object]) -> Callable[[bytes, Path], object]:
    return lambda data, _: read(data.decode("utf-8", "surrogateescape"))


def _pair(text: str) -> None:
    names = [name for name in text.split("\n") if name]
    pair_predictions(("a", "sub/b", "c0"), names)
    pair_predictions(("a", "sub/b", "c0"), names, check_pattern(names[0] if names else ""))


def _io_spec(text: str) -> None:
    name = ModelName.parse(text)
    parse_io_spec(text, name.options)


NAMES = (
    Target("size", "bytes", _words("256", "256x512", "native"), _text(parse_size)),
    Target("margin", "bytes", _words("psnr.hole:0.05dB", "l1.full:1e-3%"), _text(parse_limit)),
    Target("key of a metric", "bytes", _words("psnr.hole", "label-iou.hole.car"), _text(MetricKey.parse)),
    Target("metric", "bytes", _words("psnr", "fid"), _text(METRICS.find)),
    Target(
        "model name", "bytes", _words("a=telea?radius=5&b=x", "folder:DIR?pair={id}", "spgnet"), _text(ModelName.parse)
    ),
    Target(
        "protocol",
        "bytes",
        _words("center-50@1", "files:x?hole=black&pick=own", "lama-thin-256"),
        _text(bench.masks.PROTOCOLS.find),
    ),
    Target(
        "names of predictions",
        "bytes",
        _words("a\nsub/b\nc0", "{id}_x\na_mask001\nsub_b_mask001\nc0_mask001"),
        _text(_pair),
        0.5,
    ),
    Target("edit", "bytes", _words("car", "car@0.5,0,1,1"), _text(Edit.parse), 0.5),
    Target("share of a run", "bytes", _words("3/8"), _text(Share.parse), 0.5),
    Target(
        "limit of latency", "bytes", _words("p99<=50ms@20/s", "p50<=1s@1/s,256x512,cpu,eager"), _text(LoadLimit.parse)
    ),
    Target("mixed data set", "bytes", _words("streets:0.5"), _text(Mixture.parse), 0.5),
    Target(
        "declared input of a model", "bytes", _words("torchscript:F?range=0-255&hole=1&multiple=8"), _text(_io_spec)
    ),
    Target("time", "bytes", _words("50ms", "1.5s"), _text(lambda text: parse_seconds(text, "budget"))),
    Target("rate", "bytes", _words("20/s"), _text(lambda text: parse_rate(text, "rate"))),
)
"""Readers of words."""
