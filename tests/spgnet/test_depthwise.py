from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from spgnet.depthwise import UndilatedConvolution, undilate


@given(
    size=st.tuples(st.integers(1, 3), st.integers(1, 30), st.integers(1, 30)),
    dilation=st.integers(1, 36),
    order=st.sampled_from([torch.contiguous_format, torch.channels_last]),
    bias=st.booleans(),
)
@settings(max_examples=100, deadline=None)
@torch.no_grad()
def test_it_computes_what_the_dilated_convolution_computes(
    size: tuple[int, int, int], dilation: int, order: torch.memory_format, *, bias: bool
) -> None:
    torch.manual_seed(0)
    n, height, width = size
    dilated = nn.Conv2d(4, 4, 3, padding=dilation, dilation=dilation, groups=4, bias=bias)
    values = torch.randn(n, 4, height, width).contiguous(memory_format=order)

    torch.testing.assert_close(UndilatedConvolution(dilated)(values), dilated(values), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "replaced"),
    [
        (nn.Conv2d(4, 4, 3, padding=12, dilation=12, groups=4), True),
        (nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4), False),
        (nn.Conv2d(4, 4, 3, padding=12, dilation=12), False),
        (nn.Conv2d(4, 8, 3, padding=12, dilation=12, groups=4), False),
        (nn.Conv2d(4, 4, 3, padding=12, dilation=12, groups=4, stride=2), False),
        (nn.Conv2d(4, 4, 3, padding=6, dilation=12, groups=4), False),
        (nn.Conv2d(4, 4, 5, padding=12, dilation=12, groups=4), False),
        (nn.Conv2d(4, 4, 3, padding=(12, 18), dilation=(12, 18), groups=4), False),
        (nn.Conv2d(4, 4, 3, padding=12, dilation=12, groups=4, padding_mode="reflect"), False),
    ],
)
@torch.no_grad()
def test_only_what_it_computes_alike_is_replaced(layer: nn.Conv2d, replaced: bool) -> None:
    values = torch.randn(1, 4, 40, 40)
    sequence = nn.Sequential(layer)
    expected = layer(values)

    undilate(nn.ModuleList([sequence]))

    assert (sequence[0] is not layer) == replaced
    torch.testing.assert_close(sequence(values), expected, atol=1e-6, rtol=1e-5)
