from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from spgnet import Acceleration, AccelerationWarning, Completion, SPGNet, accelerate, cuda_graphs
from spgnet.cuda_graphs import GraphExecutor
from spgnet.stages import Tensors
from tests.spgnet.conftest import build, tiny_config
from tests.spgnet.conftest import scene as draw
from tests.support.graph_recorder import HostRecorder

Make = Callable[..., tuple[SPGNet, HostRecorder]]
SIZES = [(1, 32, 32 + 16 * index) for index in range(12)]


@pytest.fixture
def make(unguided: SPGNet, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A model that replays recordings on the processor; the unguided one, which is quick, if none is given."""

    def made(
        recorder: HostRecorder | None = None, limit: int = 4, exact: SPGNet = unguided
    ) -> tuple[SPGNet, HostRecorder]:
        recorder = recorder or HostRecorder()
        monkeypatch.setattr(cuda_graphs, "recorder_for", lambda _: recorder)
        monkeypatch.setattr(cuda_graphs, "GRAPHS", limit)
        return accelerate(exact, Acceleration(cuda_graph=True)), recorder

    return made


def answers(model: SPGNet, image: Tensor, hole: Tensor, labels: Tensor) -> list[Tensor | None]:
    """All that a model says of a batch, its stages included."""
    completions = [model.complete(image, hole)]
    if model.config.guided:
        completions += [model.complete(image, hole, labels.long()), *model.sample(image, hole, 2, 5)]
    values = [getattr(completion, item.name) for completion in completions for item in fields(Completion)]
    values += [step() for step in model.stages(image, hole).values()]
    if not model.config.guided:
        return values
    probabilities = model.predict_labels(image, hole, labels)
    values += [step() for step in model.stages(image, hole, labels, labels_in_hole=True).values()]
    values += [model.guide(image, hole, labels), model.guide(image, hole, probabilities.double())]
    return [*values, probabilities, model.visible_labels(image, hole)]


def assert_equal(one: list[Tensor | None], other: list[Tensor | None]) -> None:
    for a, b in zip(one, other, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert a.dtype == b.dtype
            assert torch.equal(a, b)


@pytest.mark.parametrize("guided", [True, False])
def test_replays_give_what_the_exact_model_gives(make: Make, model: SPGNet, unguided: SPGNet, guided: bool) -> None:
    exact = model if guided else unguided
    fast, recorder = make(exact=exact, limit=32)
    batches = [draw(2, 32, 33, seed) for seed in (0, 1)]
    expected = [answers(exact, *batch) for batch in batches]
    before = [[value.clone() for value in batch] for batch in batches]

    first = answers(fast, *batches[0])
    recordings = len(recorder.recorded)
    second = answers(fast, *batches[1])

    assert_equal(second, expected[1])
    assert_equal(first, expected[0])  # the second batch has changed nothing of the first one's
    assert len(recorder.recorded) == recordings
    for batch, copied in zip(batches, before, strict=True):
        assert all(map(torch.equal, batch, copied))


def test_twelve_shapes_in_a_memory_of_four(make: Make, unguided: SPGNet) -> None:
    fast, recorder = make(limit=4)
    for n, height, width in [*SIZES, *SIZES[-4:], SIZES[0]]:
        image, hole, _ = draw(n, height, width, width)
        assert torch.equal(fast.complete(image, hole).composite, unguided.complete(image, hole).composite)
    assert [shape[3] for shape in recorder.recorded] == [*(size[2] for size in SIZES), SIZES[0][2]]
    assert recorder.shared == [False, *[True] * 12]
    assert isinstance(fast.execute, GraphExecutor)
    assert len(fast.execute) == 4


def test_inference_mode_does_not_bind_a_recording(make: Make, unguided: SPGNet) -> None:
    fast, recorder = make()
    (image, hole, _), (other, _, _) = draw(1, 32, 32, 0), draw(1, 32, 32, 1)
    with torch.inference_mode():
        assert torch.equal(fast.complete(image, hole).image, unguided.complete(image, hole).image)
    assert torch.equal(fast.complete(other, hole).image, unguided.complete(other, hole).image)
    assert not fast.complete(image.requires_grad_(), hole).image.requires_grad
    assert len(recorder.recorded) == 1


def test_settings_and_networks_have_recordings_of_their_own(make: Make, model: SPGNet) -> None:
    fast, recorder = make(limit=8, exact=model)
    image, hole, _ = draw(1, 32, 32)
    before = fast.complete(image, hole)
    with torch.autocast("cpu", torch.bfloat16):
        assert not torch.equal(fast.complete(image, hole).image, before.image)
    assert len(recorder.recorded) == 2
    fast.config = replace(fast.config, temperature=2.0)
    warmer = fast.complete(image, hole)
    assert not torch.equal(warmer.probabilities, before.probabilities)  # type: ignore[arg-type] # a guided model has them
    fast.sgnet = build(tiny_config(guided=False, norm="instance")).sgnet
    assert not torch.equal(fast.complete(image, hole).image, warmer.image)


@pytest.mark.parametrize("change", ["move", "load", "assign"])
def test_weights_that_may_have_moved_are_recorded_anew(make: Make, change: str) -> None:
    fast, recorder = make()
    other, _ = make()
    image, hole, _ = draw(1, 32, 32)
    fast.complete(image, hole)
    if change == "move":
        fast.sgnet.to(memory_format=torch.channels_last)
    else:
        fast.load_state_dict(other.state_dict(), assign=change == "assign")
    fast.complete(image, hole)
    assert len(recorder.recorded) == 2


def _pickled(model: SPGNet) -> SPGNet:
    copied: SPGNet = pickle.loads(pickle.dumps(model))  # noqa: S301 (its own)
    return copied


@pytest.mark.parametrize("duplicate", [copy.deepcopy, _pickled])
def test_a_copy_records_for_itself(make: Make, duplicate: Callable[[SPGNet], SPGNet]) -> None:
    fast, _ = make()
    image, hole, _ = draw(1, 32, 32)
    expected = fast.complete(image, hole).image
    other = duplicate(fast)
    for parameter in fast.sgnet.parameters():
        parameter.zero_()
    assert torch.equal(other.complete(image, hole).image, expected)


def test_what_does_not_fit_runs_without_a_graph_and_says_so(make: Make, unguided: SPGNet) -> None:
    def fails(tensors: Tensors) -> None:
        image = tensors[0]
        if image is not None and image.shape[3] > 64:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nMore of it.")

    fast, recorder = make(HostRecorder(fails))
    small, large = draw(1, 32, 48), draw(2, 32, 80)
    fast.complete(*small[:2])
    with pytest.warns(AccelerationWarning, match=r"float32 2x3x32x80, bool 2x1x32x80; found: CUDA out .* 20.00 GiB\. "):
        first = fast.complete(*large[:2])
    with warnings.catch_warnings(action="error"):
        again = fast.complete(*large[:2])
        fast.complete(*small[:2])

    assert torch.equal(first.image, unguided.complete(*large[:2]).image)
    assert torch.equal(first.image, again.image)
    assert [shape[3] for shape in recorder.recorded] == [48, 48], (
        "other recordings make room before a shape is given up"
    )
    assert recorder.released == 2


def test_the_first_cause_of_a_failure_is_told(make: Make) -> None:
    def fails(_: Tensors) -> None:
        try:
            raise RuntimeError("operation not permitted when stream is capturing")
        finally:
            raise RuntimeError("capture was invalidated")

    fast, _ = make(HostRecorder(fails))
    with pytest.warns(AccelerationWarning, match="found: operation not permitted when stream is capturing"):
        fast.complete(*draw(1, 32, 32)[:2])


def test_arguments_are_checked_before_a_recording(make: Make) -> None:
    fast, recorder = make()
    image, hole, labels = draw(1, 32, 32)
    for wrong in ((image * 2, hole), (image, ~torch.zeros_like(hole)), (image, hole, labels + 3)):
        with pytest.raises(ValueError, match="must"):
            fast.complete(*wrong)
    assert recorder.recorded == []


def test_whoever_observes_a_call_sees_its_modules(make: Make, unguided: SPGNet) -> None:
    fast, recorder = make()
    image, hole, _ = draw(1, 32, 32)
    fast.complete(image, hole)
    seen: list[str] = []
    handle = torch.nn.modules.module.register_module_forward_hook(
        lambda module, _, __: seen.append(type(module).__name__)
    )
    try:
        fast.complete(image, hole)
    finally:
        handle.remove()
    with FlopCounterMode(display=False) as one:
        fast.complete(image, hole)
    with FlopCounterMode(display=False) as other:
        unguided.complete(image, hole)

    assert "SGNet" in seen
    assert one.get_total_flops() == other.get_total_flops() > 0
    assert len(recorder.recorded) == 1


def test_threads_get_their_own_pictures(make: Make, unguided: SPGNet) -> None:
    fast, _ = make()
    batches = [draw(1, 32, 32 + 16 * (seed % 2), seed) for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        fills = list(pool.map(lambda batch: fast.complete(*batch[:2]).image, batches))
    for fill, batch in zip(fills, batches, strict=True):
        assert torch.equal(fill, unguided.complete(*batch[:2]).image)
