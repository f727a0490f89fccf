"""Words of the command line, of suites and of catalogues."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bench.masks
from bench.gating.margins import parse_limit
from bench.image_files.prediction_names import check_pattern, pair_predictions
from bench.image_files.sizes import parse_size
from bench.metrics import METRICS, MetricKey
from bench.models.model_name import ModelName
from bench.records.units import parse_rate, parse_seconds
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
    Target("time", "bytes", _words("50ms", "1.5s"), _text(lambda text: parse_seconds(text, "budget"))),
    Target("rate", "bytes", _words("20/s"), _text(lambda text: parse_rate(text, "rate"))),
)
"""Readers of words."""
