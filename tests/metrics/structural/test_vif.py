from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import fftconvolve

from bench.errors import DataError
from bench.metrics import measure, vif
from bench.metrics.view import BatchView
from tests.metrics.conftest import MakePair


def by_formula(reference: np.ndarray, completed: np.ndarray) -> float:
    """Pixel-domain VIF of one channel."""
    shared = whole = 0.0
    x, y = reference.astype(float), completed.astype(float)
    for size in (17, 9, 5, 3):
        offsets = np.arange(size) - size // 2
        line = np.exp(-(offsets**2) / (2 * (size / 5) ** 2))
        window = np.outer(line, line) / line.sum() ** 2

        def smooth(values: np.ndarray, window: np.ndarray = window) -> np.ndarray:
            return fftconvolve(values, window, mode="valid")

        if size < 17:
            x, y = smooth(x)[::2, ::2], smooth(y)[::2, ::2]
        varied = np.maximum(smooth(x * x) - smooth(x) ** 2, 0)
        kept = np.maximum(smooth(y * y) - smooth(y) ** 2, 0)
        gain = (smooth(x * y) - smooth(x) * smooth(y)) / (varied + 1e-10)
        noise = np.where(gain < 0, kept, kept - gain * (smooth(x * y) - smooth(x) * smooth(y)))
        gain = np.maximum(gain, 0)
        shared += np.log(1 + gain**2 * varied / (np.maximum(noise, 1e-10) + 2)).sum()
        whole += np.log(1 + varied / 2).sum()
    return shared / whole


def test_it_is_the_formula_on_every_channel(pair: MakePair) -> None:
    reference, completed = pair(2, 41, 46)

    expected = [
        np.mean([by_formula(a, b) for a, b in zip(truth.numpy(), answer.numpy(), strict=True)])
        for truth, answer in zip(reference, completed, strict=True)
    ]

    values = vif(reference, completed)
    assert values.dtype == torch.float64
    assert values.tolist() == pytest.approx(expected, abs=1e-6)
    assert 0 < min(expected) <= max(expected) < 0.99


def test_a_picture_does_not_depend_on_those_beside_it(pair: MakePair) -> None:
    reference, completed = pair(3, 44, 44)

    assert torch.equal(
        vif(reference, completed), torch.cat([vif(reference[i : i + 1], completed[i : i + 1]) for i in range(3)])
    )


def test_equal_pictures_score_1_and_flat_ones_are_undefined(pair: MakePair) -> None:
    reference, completed = pair(1, 48, 48)
    flat = torch.full_like(reference, 90)

    assert float(vif(reference, reference)) == pytest.approx(1, abs=1e-9)
    assert torch.isnan(vif(flat, completed)).all()
    assert torch.isnan(vif(flat, flat)).all()
    assert float(vif(reference, flat)) == 0


def test_bright_pictures_with_little_contrast_lose_no_digits() -> None:
    reference = torch.full((1, 3, 48, 48), 250, dtype=torch.uint8)
    reference[:, :, :, 20:] = 252
    completed = reference.clone()
    completed[:, :, 10:20] = 249

    expected = by_formula(reference[0, 0].numpy(), completed[0, 0].numpy())

    assert float(vif(reference, completed)) == pytest.approx(expected, abs=1e-6)


def test_small_pictures_are_refused_and_left_out_of_a_run(pair: MakePair) -> None:
    reference, completed = pair(1, 40, 64)

    with pytest.raises(DataError, match="picture for vif must be at least 41x41 pixels; found 40x64"):
        vif(reference, completed)
    hole = torch.ones(1, 1, 40, 64, dtype=torch.bool)
    assert torch.isnan(measure(BatchView(reference, completed, completed, hole), ["vif"])["vif.full"]).all()
