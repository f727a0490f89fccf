from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch

from bench.profiling import nvml
from bench.profiling.clock import Timed
from bench.profiling.contention import MachineWatch
from bench.profiling.execution import NotCapturable, Subject
from bench.profiling.inputs import make_batch
from bench.profiling.measure import Meter
from bench.profiling.reference_kernels import ReferenceKernels
from bench.profiling.roofline import MachineRates
from bench.profiling.sweep import Effort
from bench.records.contention import Contention
from bench.records.profile import Configuration, Mode, ProfileRecord
from bench.records.steadiness import Looks
from bench.vocabulary import Prediction
from tests.profiling.toys import HERE, Learned

FOUR_CALLS = Effort(samples=4, seconds=1e9, warmup_seconds=0.0)
PLAIN = Configuration(32, 48)


SMALL = {"convolution": (0.5, 0.5), "sum": (0.25, 0.25), "tiny calls": (0.125, 0.125)}
"""Looks at a machine that is the same throughout."""


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Reference kernels that take no time, but in tests on a GPU and in those that are about them."""
    if not request.node.get_closest_marker("skipif"):
        monkeypatch.setattr(ReferenceKernels, "looks", lambda _: SMALL)


def meter(name: str, stopped: Callable[[], bool] = lambda: False) -> tuple[Meter, Subject]:
    subject = Subject(name, "cpu", HERE)
    return Meter(subject, FOUR_CALLS, stopped, Quiet({})), subject


class Quiet(MachineWatch):
    """A machine on which nothing else runs."""

    def begin(self) -> None:
        pass

    def end(self, *_: object) -> Contention:
        return Contention(others=0.0)


def measured(name: str, configuration: Configuration = PLAIN) -> ProfileRecord:
    return meter(name)[0].measure(configuration)


def test_a_record_of_a_learned_model_holds_everything() -> None:
    record = measured("learned")

    assert (record.status, record.reason) == ("ok", "")
    assert (record.model, record.device, record.configuration) == ("learned", "cpu", PLAIN)
    assert len(record.wall_s) == 4
    assert record.parameters == 27 * 4 + 4 + 27 * 4 + 3
    assert record.flops == 2 * (27 * 4) * (16 * 24) * 2
    assert record.first_call_s is not None
    assert record.peak_memory["resident"] > 50 << 20
    assert record.bound is not None
    assert record.bound.convolution_rate is not None
    assert record.bound.copy_rate > 0
    assert (record.share_of_bound or 0) > 0
    assert set(record.references) == {"convolution", "sum", "tiny calls"}
    assert {"before", "after", "contention", "threads", "libraries", "device_name"} <= set(record.environment)
    assert record.contention == Contention(others=0.0)
    assert record.output_change is None
    assert ProfileRecord.from_line(record.to_line()) == record


def test_a_model_without_networks_has_a_time_and_no_operations() -> None:
    record = measured("plain")

    assert record.status == "ok"
    assert (record.parameters, record.flops, record.bound) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "configuration", "reason"),
    [
        ("plain", Configuration(32, 48, precision="bf16"), "not a torch module"),
        ("plain", Configuration(32, 48, mode="compile"), "not a torch module"),
        ("learned", Configuration(32, 48, precision="tf32"), "TF32 needs an NVIDIA GPU"),
        ("learned", Configuration(32, 48, mode="cuda-graphs"), "CUDA graphs need a CUDA device"),
    ],
)
def test_what_cannot_be_is_unsupported(name: str, configuration: Configuration, reason: str) -> None:
    record = measured(name, configuration)

    assert record.status == "unsupported"
    assert reason in record.reason
    assert not record.measured


@pytest.mark.parametrize(
    ("name", "configuration", "status", "reason"),
    [
        ("picky", Configuration(32, 40), "failed", "ValueError: width must be a multiple of 16; found 40"),
        ("hungry", Configuration(32, 48, 2), "out-of-memory", "tried to allocate 20.00 GiB"),
        ("cropping", PLAIN, "failed", "must have shape [1, 3, 32, 48]; found [1, 3, 32, 46]"),
        ("learned", Configuration(8, 8), "failed", "at least 32 pixels"),
        ("uncompilable", Configuration(32, 48, mode="compile"), "failed", "RuntimeError: no compiler on this machine"),
    ],
)
def test_failures_are_records_and_the_next_configuration_goes_on(
    name: str, configuration: Configuration, status: str, reason: str
) -> None:
    works, _ = meter(name)

    record = works.measure(configuration)
    after = works.measure(PLAIN)

    assert record.status == status
    assert reason in record.reason
    assert "\n" not in record.reason
    assert after.status == ("failed" if name == "cropping" else "ok")


def test_the_memory_format_and_the_precision_reach_the_model() -> None:
    works, subject = meter("learned")
    assert isinstance(subject.model, Learned)

    record = works.measure(Configuration(32, 48, 2, "bf16", "channels-last"))

    assert subject.model.seen[-1].is_contiguous(memory_format=torch.channels_last)
    assert subject.model.net.down.weight.is_contiguous(memory_format=torch.channels_last)
    assert record.output_change is not None
    assert 1e-6 < record.output_change["max"] < 0.05
    assert works.measure(PLAIN).status == "ok"
    assert subject.model.net.down.weight.is_contiguous()


def test_stages_are_timed_in_the_order_of_the_work() -> None:
    record = measured("staged")

    assert list(record.stages) == ["second", "first"]
    assert len(record.stages["second"]) == 4
    assert min(record.stages["first"]) >= 0.001


@pytest.mark.parametrize("calls", [0, 3])
def test_a_measurement_that_is_stopped_keeps_what_it_has(calls: int) -> None:
    polls = itertools.count()
    works, _ = meter("learned", stopped=lambda: next(polls) >= calls)

    record = works.measure(PLAIN)

    assert record.status == "partial"
    assert len(record.wall_s) == calls
    assert record.stages == {}


def test_references_that_move_make_the_record_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([(1.0, 1.0), (1.01, 1.01), (1.01, 1.01), (1.04, 1.04)])
    monkeypatch.setattr(ReferenceKernels, "looks", lambda _: {"sum": next(looks)})
    monkeypatch.setattr("bench.profiling.reference_kernels._AGAIN", 0)
    works, _ = meter("plain")

    assert works.measure(PLAIN).invalid == ""
    moved = works.measure(PLAIN)
    assert moved.invalid == "reference kernel sum moved by +3.0 % (noise here: up to 2.0 %)"
    assert moved.looks["sum"] == Looks((1.01, 1.01), (1.04, 1.04), 0.0, 0.02, binds=True)
    assert moved.references == {"sum": (1.01, 1.04)}


@pytest.mark.parametrize(("device_works", "invalid"), [(0.9, ""), (0.3, "tiny calls moved by +50.0 %")])
def test_what_binds_a_call_judges_it(device_works: float, invalid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Launching becomes slower; that counts where the device waits for it."""
    looks = iter([SMALL, SMALL | {"tiny calls": (0.1875, 0.1875)}])
    monkeypatch.setattr(ReferenceKernels, "looks", lambda _: next(looks))
    monkeypatch.setattr("bench.profiling.reference_kernels._AGAIN", 0)
    monkeypatch.setattr("bench.profiling.measure.clock_for", lambda _: Events(device_works))

    record = measured("plain")

    assert record.busy_share == pytest.approx(device_works)
    assert invalid in record.invalid
    assert bool(record.invalid) == bool(invalid)
    assert {name for name, look in record.looks.items() if look.binds} == (
        {"tiny calls"} if invalid else {"convolution", "sum"}
    )


class Events:
    """A clock with events: every call takes a second, and a share of it on the device."""

    def __init__(self, share: float) -> None:
        self.share = share

    def time(self, call: Callable[[], Any]) -> Timed[Any]:
        return Timed(1.0, 1.0, call())

    def busy(self, call: Callable[[], object], wait: float, /) -> float | None:
        assert wait == 2.0
        call()
        return self.share


class WaitsFirst(Events):
    """The call waits for the device before its first kernel, so that it cannot be queued whole; its stages can."""

    def busy(self, call: Callable[[], object], wait: float, /) -> float | None:
        assert wait == 2.0
        return 0.95 if isinstance(call(), Prediction) else self.share


@pytest.mark.parametrize(("share", "busy"), [(0.1, 0.2), (0.6, 0.95)])
def test_a_call_that_waits_first_is_as_busy_as_its_stages(
    share: float, busy: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.profiling.measure.clock_for", lambda _: WaitsFirst(share))

    record = measured("staged")

    assert record.busy_s == pytest.approx((busy,) * 3)


def test_times_stand_when_there_is_no_memory_for_measuring_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(MachineRates, "bound", full)

    record = measured("learned")

    assert (record.status, record.bound, len(record.wall_s)) == ("ok", None, 4)


def test_a_cpu_has_no_nvidia_state() -> None:
    assert nvml.state("cpu") == {}
    assert nvml.energy("cpu") is None


def test_without_nvml_a_gpu_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)

    assert nvml.state("cuda:0") == {}
    assert (nvml.energy("cuda:0"), nvml.driver("cuda:0")) == (None, None)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("mode", ["eager", "cuda-graphs"])
def test_on_a_gpu_there_are_device_times_and_memory(mode: Mode) -> None:
    subject = Subject("learned", "cuda:0", HERE)
    configuration = Configuration(64, 64, mode=mode)

    record = Meter(subject, FOUR_CALLS, lambda: False).measure(configuration)

    assert record.status == "ok", record.reason
    assert (record.output_change or {"max": 0.0})["max"] < 1e-3
    assert len(record.device_s) == len(record.wall_s)
    assert record.peak_memory["reserved"] >= record.peak_memory["allocated"] > 0
    assert record.peak_memory["allocated"] < 1 << 28, "what the meter itself needs is no memory of the model"


@pytest.mark.parametrize(("mode", "names"), [("eager", ["second", "first"]), ("cuda-graphs", [])])
def test_a_call_that_is_one_graph_has_no_stages(mode: Mode, names: list[str]) -> None:
    subject = Subject("staged", "cpu", HERE)
    batch = make_batch(32, 48, 1, subject.model.label_sources)

    assert list(subject.stages(Configuration(32, 48, mode=mode), batch)) == names


def test_what_cannot_be_captured_is_unsupported_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Any:
        raise NotCapturable("RuntimeError: not permitted, at model.py:7 `x.item()`")

    monkeypatch.setattr("bench.profiling.measure.unsupported_reason", lambda *_, **__: "")
    works = Meter(Subject("plain", "cpu", HERE, refuse), FOUR_CALLS, lambda: False, Quiet({}))

    record = works.measure(Configuration(32, 48, mode="cuda-graphs"))

    assert (record.status, record.reason) == ("unsupported", "RuntimeError: not permitted, at model.py:7 `x.item()`")
    assert works.measure(PLAIN).status == "ok"
