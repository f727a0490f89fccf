from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from baselines.fourier import FourierConvolution, FourierUnit, SpectralTransform

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]


def plain(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().double().numpy()
    return array


def wave(length: int, sign: int) -> Complex:
    """The matrix of a unitary discrete Fourier transform."""
    steps = np.arange(length)
    matrix: Complex = np.exp(sign * 2j * np.pi * np.outer(steps, steps) / length) / np.sqrt(length)
    return matrix


def normalised(values: Array, norm: nn.BatchNorm2d) -> Array:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean, variance, scale, shift = map(plain, (norm.running_mean, norm.running_var, norm.weight, norm.bias))
    result: Array = ((values.T - mean) / np.sqrt(variance + norm.eps) * scale + shift).T
    return result


def mixed(values: Array, convolution: nn.Conv2d) -> Array:
    """A 1x1 convolution of one picture."""
    result: Array = np.einsum("oc,chw->ohw", plain(convolution.weight)[:, :, 0, 0], values)
    return result


def slow_unit(unit: FourierUnit, values: Array) -> Array:
    """By the definition of the transform, frequency by frequency; values [C, H, W]."""
    channels, height, width = values.shape
    half = width // 2 + 1
    spectrum = np.einsum("uh,chw,wv->cuv", wave(height, -1), values, wave(width, -1))[:, :, :half]
    parts = np.stack([spectrum.real, spectrum.imag], axis=1).reshape(2 * channels, height, half)
    pairs = np.maximum(normalised(mixed(parts, unit.convolution), unit.norm), 0).reshape(channels, 2, height, half)
    rows = np.einsum("hu,cuv->chv", wave(height, 1), pairs[:, 0] + 1j * pairs[:, 1])
    result = np.zeros((channels, height, width))
    for column in range(width):
        for v in range(half):
            turn = np.exp(2j * np.pi * v * column / width) / np.sqrt(width)
            mirrored = v > 0 and 2 * v != width  # its conjugate stands for a frequency that is not stored
            result[:, :, column] += (rows[:, :, v] * turn).real * (2 if mirrored else 1)
    return result


def slow_transform(transform: SpectralTransform, values: Array) -> Array:
    convolution, norm = transform.reduce[0], transform.reduce[1]
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    reduced = np.maximum(normalised(mixed(values, convolution), norm), 0)
    return mixed(reduced + slow_unit(transform.unit, reduced), transform.expand)


def slow_three(values: Array, convolution: nn.Conv2d) -> Array:
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), mode="reflect")
    weight = plain(convolution.weight)
    result = np.zeros((len(weight), *values.shape[1:]))
    for row in range(values.shape[1]):
        for column in range(values.shape[2]):
            window = padded[:, row : row + 3, column : column + 3]
            result[:, row, column] = (weight * window).sum(axis=(1, 2, 3))
    return result


def drawn(module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for norm in (norm for norm in module.modules() if isinstance(norm, nn.BatchNorm2d)):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.normal_(0, 0.3)
        norm.running_var.uniform_(0.5, 2)
        nn.init.uniform_(norm.weight, 0.5, 2)
        nn.init.normal_(norm.bias)
    return module.eval()


SIZES = pytest.mark.parametrize(("height", "width"), [(8, 8), (5, 7), (6, 3), (2, 2)])


@SIZES
def test_the_unit_equals_the_definition(height: int, width: int) -> None:
    unit = FourierUnit(3)
    drawn(unit)
    values = torch.randn(2, 3, height, width)

    made = unit(values)

    for one, given in zip(made, values, strict=True):
        assert np.abs(plain(one) - slow_unit(unit, plain(given))).max() <= 1e-5


@SIZES
def test_the_convolution_equals_a_plain_slow_reference(height: int, width: int) -> None:
    layer = FourierConvolution(2, 6)
    drawn(layer)
    local, whole = torch.randn(2, 2, height, width), torch.randn(2, 6, height, width)

    made = layer(local, whole)

    for index in range(2):
        a, b = plain(local[index]), plain(whole[index])
        expected_local = slow_three(a, layer.local_to_local) + slow_three(b, layer.whole_to_local)
        expected_whole = slow_three(a, layer.local_to_whole) + slow_transform(layer.whole_to_whole, b)
        for one, expected, norm in (
            (made[0][index], expected_local, layer.local_norm),
            (made[1][index], expected_whole, layer.whole_norm),
        ):
            assert np.abs(plain(one) - np.maximum(normalised(expected, norm), 0)).max() <= 1e-5


def test_one_pixel_reaches_all_others() -> None:
    unit = FourierUnit(4)
    drawn(unit)
    values = torch.randn(1, 4, 16, 16)
    changed = values.clone()
    changed[..., 0, 0] += 5

    assert ((unit(values) - unit(changed)).abs().amax(dim=1) > 0).float().mean() > 0.99


def test_autocast_transforms_in_full_precision() -> None:
    unit = FourierUnit(2)
    drawn(unit)

    with torch.autocast("cpu", torch.bfloat16):
        made = unit(torch.randn(1, 2, 5, 7).bfloat16())

    assert made.dtype == torch.float32
    assert made.isfinite().all()
