from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn
from torch._dynamo.utils import counters

from spgnet import Acceleration, AccelerationWarning, SPGNet, accelerate, compilation
from spgnet.compilation import CompiledNetwork, compile_network
from tests.spgnet.conftest import scene as draw


class Counting:
    """A compiler that changes nothing and counts its calls, and those of what it made."""

    def __init__(self) -> None:
        self.compiled = 0
        self.called = 0

    def __call__(self, graph: fx.GraphModule, _: list[Tensor]) -> Callable[..., Any]:
        self.compiled += 1

        def run(*inputs: Tensor) -> Any:
            self.called += 1
            return graph.forward(*inputs)

        return run


@pytest.fixture
def backend() -> Iterator[Counting]:
    torch._dynamo.reset()
    counters.clear()
    yield Counting()
    torch._dynamo.reset()


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU())


def test_no_shape_of_twelve_runs_eagerly(backend: Counting) -> None:
    exact = [network() for _ in range(2)]  # torch counts versions of a function, which both share
    fast = [compile_network(one, backend=backend) for one in exact]
    with torch.no_grad():
        for _ in range(2):
            for width in range(4, 16):
                values = torch.rand(1, 1, 4, width)
                for one, other in zip(exact, fast, strict=True):
                    assert torch.equal(one(values), other(values))

    assert backend.called == 2 * 12 * 2, "no call is eager"
    assert counters["frames"]["ok"] == counters["frames"]["total"] == backend.compiled >= 12
    assert not counters["graph_break"]


def test_settings_do_not_use_up_the_shapes(backend: Counting) -> None:
    fast = compile_network(network(), backend=backend)
    values = torch.rand(1, 1, 4, 4)
    for enabled in (False, True):
        for dtype in (torch.bfloat16, torch.float16):
            for gradients in (False, True):
                with torch.autocast("cpu", dtype, enabled=enabled), torch.set_grad_enabled(gradients):
                    fast(values)
    assert backend.called == 8


def test_a_shape_too_many_is_named_once(backend: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "SHAPES", 2)
    fast = compile_network(network(), backend=backend)
    for width in (4, 5, 4):
        fast(torch.rand(1, 1, 4, width))
    with pytest.warns(AccelerationWarning, match=r"compiled must be left out for float32 1x1x4x6; found: 2 other"):
        fast(torch.rand(1, 1, 4, 6))
    for width in (4, 5, 6):
        fast(torch.rand(1, 1, 4, width))
    assert backend.called == 5


def test_a_compiled_model_fills_as_the_exact_one(
    backend: Counting, unguided: SPGNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "spgnet.acceleration.compile_network",
        lambda one: CompiledNetwork(one, torch.compile(one, dynamic=False, backend=backend)),
    )
    fast = accelerate(unguided, Acceleration(compiled=True))
    image, hole, _ = draw(1, 32, 32)
    assert torch.equal(fast.complete(image, hole).image, unguided.complete(image, hole).image)
    assert backend.called == 1
