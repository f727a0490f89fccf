from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from bench.evaluation.pipeline import gpu_use
from bench.evaluation.pipeline.gpu_use import GpuMeter
from bench.records import GpuUse, RunInfo
from bench.runtime.device_spans import union_seconds
from tests.support.runs import run_info


def test_spans_that_overlap_count_once() -> None:
    spans = [(5.0, 6.0), (1.0, 3.0), (2.0, 4.0), (2.5, 2.6), (-3.0, -2.0), (9.0, 20.0)]

    assert union_seconds(spans, 0.0, 10.0) == pytest.approx(3 + 1 + 1)
    assert union_seconds([], 0.0, 10.0) == 0


def test_the_line_of_a_run() -> None:
    assert str(GpuUse(0.836, 61.2, "NVML")) == "GPU busy 84% of 61 s (NVML)"


def test_it_stands_in_the_run_file_of_a_gpu_alone() -> None:
    info = run_info({"mean": "a" * 64}, ["center-50@1"])
    assert "gpu" not in json.loads(info.to_json())

    used = replace(info, gpu=GpuUse(0.836, 61.2, "NVML"))

    assert RunInfo.from_data(json.loads(used.to_json())) == used


def test_there_is_nothing_to_say_of_a_cpu() -> None:
    with GpuMeter("cpu") as meter:
        meter.begin()

    assert meter.use([(0.0, time.perf_counter())]) is None


def test_nvml_is_asked_while_pictures_run(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: Iterator[int] = iter([80, 100] * 1000)

    class Failed(Exception):
        pass

    def rates(_: object) -> SimpleNamespace:
        share = next(shares)
        if share == 100:
            raise Failed
        return SimpleNamespace(gpu=share)

    @contextmanager
    def opened(_: str) -> Iterator[object]:
        yield SimpleNamespace(nvmlDeviceGetUtilizationRates=rates, NVMLError=Failed), None

    monkeypatch.setattr(gpu_use, "opened_nvml", opened)
    monkeypatch.setattr(gpu_use, "_EVERY", 0.002)
    with GpuMeter("cuda:0") as meter:
        meter.begin()
        meter.begin()
        time.sleep(0.1)

    found = meter.use([])
    assert found is not None
    assert (found.share, found.source) == (0.8, "NVML")


def test_without_nvml_events_count(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(_: str) -> Iterator[None]:
        yield None

    monkeypatch.setattr(gpu_use, "opened_nvml", opened)
    with GpuMeter("cuda:0") as meter:
        meter.begin()
        time.sleep(0.02)

    found = meter.use([(0.0, time.perf_counter())])
    assert found is not None
    assert (found.share, found.source) == (1.0, "CUDA events")


def test_a_run_without_pictures_has_no_use() -> None:
    with GpuMeter("cuda:0") as meter:
        pass

    assert meter.use([]) is None
