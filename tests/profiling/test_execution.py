from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.models.instrumentation import observe
from bench.profiling.execution import NotCapturable, Subject, capture, precision_context
from bench.records.profile import Configuration, Precision
from bench.vocabulary import Prediction
from tests.models.contract import make_batch
from tests.models.foreign_files import write_python
from tests.profiling.toys import HERE

GRAPHS = Configuration(32, 40, mode="cuda-graphs")
NEEDS_A_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def run_again(call: Callable[[], Any], device: str) -> tuple[Callable[[], None], Any]:
    """Stands in for a capture: a replay makes the call again, and writes into the first result."""
    result = call()
    return lambda: result.image.copy_(call().image), result


def do_nothing(call: Callable[[], Any], device: str) -> tuple[Callable[[], None], Any]:
    """A capture that holds no work."""
    return lambda: None, call()


def subject_of(name: str, device: str = "cpu", capture: Callable[..., Any] = run_again) -> Subject:
    subject = Subject(name, device, HERE, capture)
    subject.networks = (subject.model.net,)
    return subject


@pytest.mark.parametrize(("precision", "rounded"), [("fp32", False), ("tf32", True), ("bf16", False)])
def test_every_switch_of_torch_tells_the_same(precision: Precision, rounded: bool) -> None:
    def switches() -> list[bool]:
        products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
        by_name = torch.get_float32_matmul_precision() == "high", products.fp32_precision == "tf32"
        return [*by_name, products.allow_tf32, convolutions.allow_tf32]

    before = switches()
    with precision_context(precision, "cpu"):
        assert switches() == [rounded] * 4
        with torch.backends.cudnn.flags(allow_tf32=False):  # as a model may ask for
            assert not torch.backends.cudnn.allow_tf32

    assert switches() == before


def test_code_of_others_is_measured_in_the_process_that_measures(tmp_path: Path) -> None:
    text = (
        "import torch\nnet = torch.nn.Conv2d(3, 3, 3, padding=1)\ndef fill(image, hole): return net(image).sigmoid()\n"
    )
    subject = Subject(f"python:{write_python(tmp_path / 'model.py', text)}:fill", "cpu")

    seen = observe(lambda: subject.model.inpaint(make_batch(1)))

    assert seen.parameters == 3 * 3 * 9 + 3


def test_a_captured_call_reads_its_own_batch_and_fills_one_result() -> None:
    subject, batch = subject_of("learned"), make_batch(2)
    before = batch.image.clone()

    call = subject.prepare(GRAPHS, batch)
    with torch.no_grad():
        first, plain = call(), subject.model.inpaint(batch)

    assert call() is first
    assert torch.equal(first.image, plain.image)
    assert torch.equal(batch.image, before)
    assert subject.model.seen[-1].data_ptr() != batch.image.data_ptr()
    assert not subject.broken


@pytest.mark.parametrize(
    ("name", "capture", "reason"),
    [
        ("learned", do_nothing, "on another batch the replay differs from a plain call: by up to"),
        ("baked", run_again, "on another batch the replay differs from a plain call: by up to"),
        ("seeded", do_nothing, "on another batch the replay differs from a plain call: by up to"),
        ("counting", run_again, "two plain calls on one batch differ: by up to 0.1, in 100.0 % of the values"),
    ],
)
def test_a_replay_that_is_not_the_call_is_refused(name: str, capture: Callable[..., Any], reason: str) -> None:
    with pytest.raises(NotCapturable, match=reason):
        subject_of(name, capture=capture).prepare(GRAPHS, make_batch(2))


class Recorder:
    """A CUDAGraph that runs eagerly; its end fails after a call that read a value."""

    ended = 0

    def capture_begin(self, capture_error_mode: str) -> None:
        assert capture_error_mode == "thread_local"

    def capture_end(self) -> None:
        Recorder.ended += 1

    def replay(self) -> None:
        """Nothing: the tests of replays use a stand-in."""


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    """Torch's streams and graphs, without a device."""
    nothing: Callable[..., Any] = lambda *_: None  # noqa: E731 (one line for four names)
    stream: Callable[..., Any] = lambda *_: type("Stream", (), {"wait_stream": nothing})()  # noqa: E731
    fakes = {"CUDAGraph": Recorder, "Stream": stream, "current_stream": stream, "synchronize": nothing}
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    for name in ("stream", "device"):
        monkeypatch.setattr(torch.cuda, name, lambda _: contextlib.nullcontext())
    monkeypatch.setattr(Recorder, "ended", 0)
    return Recorder


def test_a_capture_that_fails_is_ended_and_names_the_line(recorded: type[Recorder]) -> None:
    calls = 0

    def call() -> Prediction:
        nonlocal calls
        calls += 1
        if calls == 4:  # after three to warm up
            torch.zeros(2, 3) @ torch.zeros(2, 3)
        return Prediction(torch.zeros(1))

    with pytest.raises(
        NotCapturable, match=r"RuntimeError: .*mat1 and mat2 .*, at profiling/test_execution\.py:\d+ `torch"
    ):
        capture(call, "cuda:7")
    assert (calls, recorded.ended) == (4, 1)


@pytest.mark.usefixtures("recorded")
def test_a_lack_of_memory_is_no_reason_of_the_model() -> None:
    def full() -> None:
        if full.calls:  # type: ignore[attr-defined]
            full.calls -= 1  # type: ignore[attr-defined]
            return
        raise torch.OutOfMemoryError

    full.calls = 3  # type: ignore[attr-defined]
    with pytest.raises(torch.OutOfMemoryError):
        capture(full, "cuda:7")


@NEEDS_A_GPU
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_on_a_gpu_a_replay_gives_what_the_call_gives(precision: Precision) -> None:
    subject, batch = subject_of("learned", "cuda:0", capture), make_batch(2)
    setting = Configuration(32, 40, 2, precision, mode="cuda-graphs")

    call = subject.prepare(setting, batch)
    plain = subject.prepare(Configuration(32, 40, 2, precision), batch)

    with precision_context(precision, "cuda:0", autocast=False):
        assert call() is call()
        torch.testing.assert_close(call().image, plain().image, rtol=0, atol=1e-3 if precision == "fp32" else 0.05)


@NEEDS_A_GPU
@pytest.mark.parametrize("name", ["seeded", "baked"])
def test_on_a_gpu_a_replay_that_is_not_the_call_is_refused(name: str) -> None:
    with pytest.raises(NotCapturable, match="on another batch the replay differs"):
        subject_of(name, "cuda:0", capture).prepare(GRAPHS, make_batch(2))
