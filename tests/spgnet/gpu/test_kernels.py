from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from spgnet.labels import VOID


@pytest.mark.parametrize("in_phases", [False, True])
def test_what_follows_a_convolution(device: str, in_phases: bool) -> None:
    from spgnet.gpu.triton_layers import finish

    values = torch.randn(2, 3, 4, 5, device=device)
    bias, residual = torch.randn(5, device=device), torch.randn(2, 7, 8, 5, device=device)
    planes = (values + bias + residual[:, 2:-2, 2:-2]).clamp(0, 1).permute(0, 3, 1, 2)
    expected = functional.pad(planes, (1, 3, 1, 1), mode="reflect").permute(0, 2, 3, 1)
    if in_phases:
        wide = torch.randn(2, 6, 8, 5, device=device)
        phases = functional.pad(
            wide.view(2, 3, 2, 4, 2, 5).permute(0, 1, 3, 2, 4, 5).reshape(2, 3, 4, 20), (0, 0, 1, 0, 1, 0)
        )
        result = finish(phases, bias, limits=(0, 1), phases=True)
        torch.testing.assert_close(result, (wide + bias).clamp(0, 1))
    else:
        result = finish(values, bias, limits=(0, 1), residual=residual, residual_margin=2, margin=1, margin_right=3)
        torch.testing.assert_close(result, expected)


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (1, 12)])
def test_depthwise_convolution(device: str, stride: int, dilation: int) -> None:
    from spgnet.gpu.triton_layers import depthwise

    values, weight = torch.randn(2, 5, 7, 4, device=device), torch.randn(4, 1, 3, 3, device=device)
    bias, before = torch.randn(4, device=device), torch.randn(4, device=device)
    inputs = (values + before).clamp(0, 6).permute(0, 3, 1, 2)
    expected = functional.conv2d(inputs, weight, bias, stride, dilation, dilation, groups=4).clamp(-1, 2)

    taps = weight.flatten(1).T.contiguous()
    result = depthwise(values, taps, bias, stride, dilation, dilation, (-1, 2), (0, 6), bias_before=before)

    torch.testing.assert_close(result.permute(0, 3, 1, 2), expected, atol=1e-5, rtol=1e-5)


def test_labels_from_small_logits(device: str) -> None:
    from spgnet.gpu.triton_pictures import logits_to_labels

    logits, hole = torch.randn(2, 4, 3, 5, device=device), torch.rand(2, 1, 13, 12, device=device) < 0.3
    planes = logits.permute(0, 3, 1, 2)
    enlarged = functional.interpolate(planes, scale_factor=4, mode="bilinear", align_corners=True)[..., :13, :12]
    expected = enlarged.argmax(dim=1).to(torch.uint8).masked_fill(hole[:, 0], VOID)
    assert (logits_to_labels(logits, hole, 4, VOID) != expected).float().mean() < 0.01  # but for equal scores
