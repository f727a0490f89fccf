from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bench.models.instrumentation import Convolution, graph_counts, observe


@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([1, 3]),
    st.integers(1, 2),
    st.integers(1, 2),
    st.sampled_from([1, 2]),
    st.booleans(),
    st.integers(7, 12),
)
def test_operations_of_a_convolution_are_torchs(
    inputs: int, outputs: int, kernel: int, stride: int, dilation: int, groups: int, transposed: bool, side: int
) -> None:
    make = nn.ConvTranspose2d if transposed else nn.Conv2d
    module = make(inputs * groups, outputs * groups, kernel, stride, dilation=dilation, groups=groups, bias=False)
    picture = torch.zeros(2, inputs * groups, side, side + 1)
    with FlopCounterMode(display=False) as counter:
        module(picture)

    seen = observe(lambda: module(picture))

    [convolution] = seen.convolutions
    assert convolution.flops == counter.get_total_flops() == seen.flops
    assert convolution.numbers == picture.numel() + seen.result.numel() + module.weight.numel()


def test_only_modules_that_no_other_calls_are_networks() -> None:
    inner = nn.Conv2d(3, 3, 1)
    outer, other = nn.Sequential(inner, nn.ReLU(), inner), nn.Linear(4, 4)
    picture = torch.zeros(1, 3, 4, 4)

    seen = observe(lambda: other(outer(picture)))

    assert seen.networks == (outer, other)
    assert seen.parameters == 12 + 20
    assert list(seen.convolutions.values()) == [2]
    assert seen.calls[0].args[0] is picture


def test_what_calls_no_module_has_no_networks() -> None:
    seen = observe(lambda: torch.zeros(2) + 1)

    assert (seen.networks, seen.parameters, seen.flops) == ((), 0, 0)


def test_no_hook_is_left_behind_by_a_model_that_raises() -> None:
    module = nn.Conv2d(3, 3, 1)
    with pytest.raises(RuntimeError):
        observe(lambda: module(torch.zeros(1, 4, 4, 4)))

    seen = observe(lambda: module(torch.zeros(1, 3, 4, 4)))

    assert seen.networks == (module,)


def test_padding_by_name_is_numbers() -> None:
    same = nn.Conv2d(1, 1, 3, padding="same", dilation=2)

    [convolution] = observe(lambda: same(torch.zeros(1, 1, 9, 9))).convolutions

    assert convolution == Convolution((1, 1, 9, 9), (1, 1, 9, 9), (3, 3), (1, 1), (2, 2), (2, 2), 1, transposed=False)


def test_graph_breaks_are_counted() -> None:
    class Broken(nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            values = values + 1
            torch._dynamo.graph_break()
            return values * 2

    seen = observe(lambda: Broken()(torch.zeros(2)))

    assert graph_counts(seen.calls) == (2, 1)
