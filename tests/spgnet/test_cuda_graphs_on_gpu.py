"""Graphs on a GPU: bit for bit what the eager model gives, and a shape that cannot be recorded still runs."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bench.runtime.exact import exact_arithmetic
from bench.runtime.synchronisations import synchronisations
from spgnet import Acceleration, AccelerationWarning, SPGNet, accelerate
from spgnet.cuda_graphs import GRAPHS, GraphExecutor
from tests.spgnet.conftest import build, tiny_config
from tests.spgnet.conftest import scene as draw
from tests.spgnet.test_cuda_graphs import SIZES, answers, assert_equal

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

Batch = tuple[Tensor, Tensor, Tensor]


def scene(n: int, height: int, width: int, seed: int = 0) -> Batch:
    image, hole, labels = draw(n, height, width, seed)
    return image.cuda(), hole.cuda(), labels.cuda()


@pytest.fixture(scope="module", autouse=True)
def _exact_arithmetic() -> Iterator[None]:
    """One repeatable algorithm for one shape, so that bits can be compared.

    An up-convolution may else add in any order: two eager calls on one batch need not give the same bits then.
    """
    with exact_arithmetic("cuda"):
        yield


@pytest.fixture(scope="module")
def exact() -> SPGNet:
    return build(tiny_config()).cuda()


@pytest.fixture
def fast(exact: SPGNet) -> SPGNet:
    return accelerate(exact, Acceleration(cuda_graph=True))


def stream() -> torch.cuda.Stream:
    return torch.cuda.Stream()  # type: ignore[no-untyped-call] # of torch


def graphs(model: SPGNet) -> int:
    assert isinstance(model.execute, GraphExecutor)
    return len(model.execute)


def far_off(found: list[Tensor], expected: list[Tensor]) -> list[tuple[int, float]]:
    """Number and largest difference of each picture batch that is not the expected one to the bit."""
    pairs = enumerate(zip(found, expected, strict=True))
    return [(index, float((a - b).abs().max())) for index, (a, b) in pairs if not torch.equal(a, b)]


@pytest.mark.parametrize("size", [(1, 32, 48), (3, 64, 64), (2, 40, 33)])
@pytest.mark.parametrize("guided", [True, False])
def test_a_graph_gives_the_same_bits(exact: SPGNet, size: tuple[int, int, int], guided: bool) -> None:
    eager = exact if guided else build(tiny_config(guided=False)).cuda()
    model = accelerate(eager, Acceleration(cuda_graph=True))
    batches = [scene(*size, seed) for seed in range(3)]
    with warnings.catch_warnings(action="error"):
        found = [answers(model, *batch) for batch in batches]
    assert graphs(model) > 0
    for values, batch in zip(found, batches, strict=True):
        assert_equal(values, answers(eager, *batch))


def test_twelve_shapes_twice_beside_eager_calls(exact: SPGNet, fast: SPGNet) -> None:
    for n, height, width in [*SIZES, *reversed(SIZES)]:
        image, hole, _ = scene(n, height, width, width)
        eager = exact.complete(image, hole)
        found = fast.complete(image, hole)
        again = exact.complete(image, hole)
        assert torch.equal(found.composite, eager.composite)
        assert torch.equal(again.composite, eager.composite)
    assert graphs(fast) == len(SIZES)


def test_old_shapes_make_room(exact: SPGNet, fast: SPGNet) -> None:
    sizes = [(1, 32, 32 + 4 * index) for index in range(GRAPHS + 4)]
    for size in [*sizes, *sizes[:3]]:
        image, hole, _ = scene(*size)
        assert torch.equal(fast.complete(image, hole).image, exact.complete(image, hole).image)
    assert graphs(fast) == GRAPHS


def test_a_graph_of_a_faster_model_gives_what_that_gives(exact: SPGNet) -> None:
    options: dict[str, Any] = {"precision": "bfloat16", "channels_last": True, "folded": True}
    eager, model = (accelerate(exact, Acceleration(**options, cuda_graph=graph)) for graph in (False, True))
    with warnings.catch_warnings(action="error"):
        for seed in range(3):
            batch = scene(2, 64, 48, seed)
            assert torch.equal(model.guide(*batch), eager.guide(*batch))
            assert torch.equal(model.complete(*batch).image, eager.complete(*batch).image)
    assert graphs(model) == 2


@pytest.mark.filterwarnings("ignore:.torch.jit.:DeprecationWarning")  # of what torch's compiler imports
@pytest.mark.filterwarnings("ignore:TensorFloat32 tensor cores:UserWarning")  # the compiler advises to round
def test_a_graph_of_compiled_networks(unguided: SPGNet) -> None:
    exact = copy.deepcopy(unguided).cuda()
    model = accelerate(exact, Acceleration(compiled=True, cuda_graph=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error", AccelerationWarning)
        for seed in range(3):
            image, hole, _ = scene(2, 64, 48, seed)
            expected = exact.complete(image, hole).image
            torch.testing.assert_close(model.complete(image, hole).image, expected, atol=1e-3, rtol=0)
    assert graphs(model) == 1


def test_a_call_on_another_stream_waits_for_the_last(exact: SPGNet, fast: SPGNet) -> None:
    batches = [scene(2, 64, 64, seed)[:2] for seed in range(16)]
    expected = [exact.complete(*batch).image for batch in batches]
    assert far_off([exact.complete(*batch).image for batch in batches], expected) == [], "two eager calls differ"
    assert far_off([fast.complete(*batch).image for batch in batches], expected) == [], "replays on one stream differ"
    streams = [stream() for _ in range(4)]
    found = []
    torch.cuda.synchronize()
    for index, batch in enumerate(batches):
        with torch.cuda.stream(streams[index % 4]):
            found.append(fast.complete(*batch).image)
    torch.cuda.synchronize()
    assert far_off(found, expected) == []


def test_a_recording_waits_for_the_stream_before(exact: SPGNet) -> None:
    batches = [scene(2, 64, 64, seed)[:2] for seed in range(4)]
    expected = [exact.complete(*batch).image for batch in batches]
    found = []
    torch.cuda.synchronize()
    for batch in batches:
        fast = accelerate(exact, Acceleration(cuda_graph=True))
        with torch.cuda.stream(stream()):
            found += [fast.complete(*batch).image for _ in range(2)]
    torch.cuda.synchronize()
    assert far_off(found, [image for image in expected for _ in range(2)]) == []


def test_threads_get_their_own_pictures_on_a_gpu(exact: SPGNet, fast: SPGNet) -> None:
    batches = [scene(1, 64, 32 + 16 * (seed % 3), seed)[:2] for seed in range(24)]
    expected = [exact.complete(*batch).image for batch in batches]

    def fill(batch: tuple[Tensor, Tensor]) -> Tensor:
        with torch.cuda.stream(stream()):
            image = fast.complete(*batch).image
            torch.cuda.current_stream().synchronize()
        return image

    torch.cuda.synchronize()
    with ThreadPoolExecutor(4) as pool:
        assert far_off(list(pool.map(fill, batches)), expected) == []


def test_a_replay_waits_for_the_device_once(fast: SPGNet) -> None:
    batch = scene(1, 64, 64)
    fast.complete(*batch)
    with synchronisations() as places:
        fast.complete(*batch)
    assert len(places) == 1, places


def test_a_model_can_be_captured_by_others(exact: SPGNet, fast: SPGNet) -> None:
    for model in (exact, fast):
        image, hole, labels = scene(1, 64, 64)
        side, graph = stream(), torch.cuda.CUDAGraph()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                exact.complete(image, hole, labels)
        torch.cuda.current_stream().wait_stream(side)
        with torch.cuda.graph(graph):
            completion = model.complete(image, hole, labels)
        other, _, other_labels = scene(1, 64, 64, 1)
        image.copy_(other)
        labels.copy_(other_labels)
        graph.replay()
        assert torch.equal(completion.composite, exact.complete(image, hole, labels).composite)


class Reading(nn.Module):
    """A network that reads a value on the host."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        result: Tensor = self.network(*inputs)
        return result * (2.0 if result.sum().item() > 1e9 else 1.0)


def test_a_network_that_waits_for_the_device_runs_without_a_graph(exact: SPGNet) -> None:
    waiting = accelerate(exact, Acceleration(cuda_graph=True))
    waiting.sgnet.generator = Reading(waiting.sgnet.generator)
    image, hole, _ = scene(1, 48, 48)
    with pytest.warns(AccelerationWarning, match="float32 1x3x48x48"):
        first = waiting.complete(image, hole)
    again = waiting.complete(image, hole)

    assert torch.equal(first.image, exact.complete(image, hole).image)
    assert torch.equal(first.image, again.image)
    assert torch.rand(3, device="cuda").isfinite().all()
    fast = accelerate(exact, Acceleration(cuda_graph=True))
    assert torch.equal(fast.complete(image, hole).image, first.image)
    assert graphs(fast) == 1


class Hoarding(nn.Module):
    """A network for whose recording there is not enough memory."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        result: Tensor = self.network(*inputs)
        if torch.cuda.is_current_stream_capturing() and inputs[0].shape[-1] == 512:
            torch.empty(1 << 44, dtype=torch.uint8, device=result.device)
        return result


def test_without_memory_for_a_graph_a_shape_runs_without_one(exact: SPGNet) -> None:
    fast = accelerate(exact, Acceleration(cuda_graph=True))
    fast.sgnet.generator = Hoarding(fast.sgnet.generator)
    small, large = scene(1, 64, 64), scene(2, 512, 512)
    expected = exact.complete(*large[:2]).image
    fast.complete(*small[:2])
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved()
    with pytest.warns(AccelerationWarning, match=r"float32 2x3x512x512, .* out of memory"):
        found = fast.complete(*large[:2]).image
    assert torch.equal(found, expected)
    assert torch.equal(fast.complete(*large[:2]).image, expected)
    del found
    torch.cuda.synchronize()
    torch.cuda.empty_cache()

    assert torch.cuda.memory_reserved() <= before, "a failed capture leaves nothing behind"
    assert torch.equal(fast.complete(*small[:2]).image, exact.complete(*small[:2]).image)
    assert graphs(fast) == 1


def test_a_shape_that_does_not_fit_at_all_is_named(exact: SPGNet, fast: SPGNet) -> None:
    small, large = scene(1, 64, 64), scene(8, 1024, 1024)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (256 << 20)) / total)
    try:
        with (
            pytest.warns(AccelerationWarning, match="float32 8x3x1024x1024"),
            pytest.raises(torch.OutOfMemoryError),
        ):
            fast.complete(*large[:2])
        torch.cuda.empty_cache()
        assert torch.equal(fast.complete(*small[:2]).image, exact.complete(*small[:2]).image)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert graphs(fast) == 1


def test_new_weights_are_in_the_next_graph(exact: SPGNet, fast: SPGNet) -> None:
    image, hole, _ = scene(1, 64, 64)
    before = fast.complete(image, hole).image
    fast.sgnet.to(memory_format=torch.channels_last)
    fast.sgnet.to(memory_format=torch.contiguous_format)
    torch.cuda.empty_cache()
    junk = torch.full((1 << 24,), 7.0, device="cuda")
    assert torch.equal(fast.complete(image, hole).image, before)
    for parameter in fast.sgnet.parameters():
        parameter.mul_(1.01)
    assert not torch.equal(fast.complete(image, hole).image, before), "weights changed in place are read"
    del junk


def test_a_model_that_has_left_the_device_says_so(fast: SPGNet) -> None:
    fast.cpu()
    image, hole, _ = draw(1, 32, 32)
    with pytest.warns(AccelerationWarning, match="tensors on cpu"):
        fast.complete(image, hole)
