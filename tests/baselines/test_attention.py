from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from baselines.attention import contextual_attention

Array = npt.NDArray[np.float64]


def at(values: Array, row: int, column: int) -> Array:
    """Zeros outside."""
    inside = 0 <= row < values.shape[1] and 0 <= column < values.shape[2]
    return values[:, row, column] if inside else np.zeros(len(values))


def window(values: Array, rows: range, columns: range) -> Array:
    return np.stack([np.stack([at(values, row, column) for column in columns]) for row in rows])


def diagonal(scores: Array, places: list[tuple[int, int]]) -> Array:
    """Scores of pairs of places, each plus those of the pairs before and after it in the order of `places`."""
    result = scores.copy()
    for i, place in enumerate(places):
        for j, patch in enumerate(places):
            for step in (-1, 1):
                if 0 <= i + step < len(places) and 0 <= j + step < len(places):
                    result[(*place, *patch)] += scores[(*places[i + step], *places[j + step])]
    return result


def slow(values: Array, hole: npt.NDArray[np.bool_]) -> Array:
    """Contextual attention of one picture, pair by pair; values [C, H, W], hole [H, W]."""
    small, missing = values[:, ::2, ::2], hole[::2, ::2]
    height, width = missing.shape
    places = [(row, column) for row in range(height) for column in range(width)]
    patches = {(r, c): window(small, range(r - 1, r + 2), range(c - 1, c + 2)) for r, c in places}
    usable = {(r, c): not missing[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2].any() for r, c in places}
    scores = np.zeros((height, width, height, width))
    for place in places:
        for patch in places:
            norm = max(np.sqrt((patches[patch] ** 2).sum()), 1e-4)
            scores[(*place, *patch)] = (patches[place] * patches[patch] / norm).sum()
    scores = diagonal(scores, places)
    scores = diagonal(scores, sorted(places, key=lambda place: (place[1], place[0])))
    result = np.zeros((values.shape[1] + 2, values.shape[2] + 2, len(values)))
    for row, column in places:
        exponents = np.array([10 * scores[row, column, r, c] * usable[r, c] for r, c in places])
        shares = np.exp(exponents - exponents.max())
        shares /= shares.sum()
        for share, (r, c) in zip(shares, places, strict=True):
            if usable[r, c]:
                copied = window(values, range(2 * r - 1, 2 * r + 3), range(2 * c - 1, 2 * c + 3))
                result[2 * row : 2 * row + 4, 2 * column : 2 * column + 4] += share * copied / 4
    return result[1:-1, 1:-1].transpose(2, 0, 1)


def features(n: int, channels: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    hole = torch.zeros(n, 1, height, width, dtype=torch.bool)
    for index in range(n):
        hole[index, :, 2 : 4 + index, 1:4] = True
    return torch.randn(n, channels, height, width).relu() / 2, hole


@pytest.mark.parametrize(("height", "width"), [(12, 10), (6, 14), (2, 2)])
def test_it_equals_a_plain_slow_reference(height: int, width: int) -> None:
    values, hole = features(2, 3, height, width)

    attended = contextual_attention(values, hole)

    for made, given, missing in zip(attended, values, hole, strict=True):
        expected = slow(given.double().numpy(), missing[0].numpy())
        assert np.abs(made.numpy() - expected).max() <= 1e-5


def test_missing_features_are_not_borrowed() -> None:
    values, hole = features(1, 3, 12, 12)
    wide = torch.nn.functional.max_pool2d(hole.float(), 5, 1, 2) > 0  # patches reach two pixels into the hole
    marked = torch.cat([values, wide.float()], dim=1)

    attended = contextual_attention(marked, hole)

    assert attended[:, :3].max() > 0.1
    assert attended[:, 3][~wide[:, 0]].max() < 1


def test_without_a_known_patch_nothing_is_borrowed() -> None:
    values, _ = features(1, 3, 8, 8)

    assert not contextual_attention(values, torch.ones(1, 1, 8, 8, dtype=torch.bool)).any()


def test_each_picture_has_its_own_hole() -> None:
    values, hole = features(3, 4, 12, 12)

    together = contextual_attention(values, hole)

    for index in range(3):
        alone = contextual_attention(values[index : index + 1], hole[index : index + 1])
        assert torch.allclose(together[index], alone[0], atol=1e-6)


def test_gradients_flow_through_it() -> None:
    values, hole = features(2, 2, 12, 12)
    values.requires_grad_()

    (gradient,) = torch.autograd.grad(contextual_attention(values, hole).square().sum(), values)

    assert gradient.isfinite().all()
    assert gradient.any()


def test_autocast_does_not_touch_it() -> None:
    values, hole = features(1, 3, 12, 12)

    with torch.autocast("cpu", torch.bfloat16):
        mixed = contextual_attention(values, hole)

    assert torch.equal(mixed, contextual_attention(values, hole))


PEAKS = """
import json, resource, torch
from baselines.attention import contextual_attention
from baselines.deepfill_v2 import DeepFillV2, DeepFillV2Config

torch.set_num_threads(1)
peaks = []
def note():
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
with torch.no_grad():
    hole = torch.zeros(4, 1, 128, 128, dtype=torch.bool)
    hole[..., 32:96, 32:96] = True
    values = torch.rand(4, 16, 128, 128)
    for n in (1, 4):
        contextual_attention(values[:n], hole[:n])
        note()
    network = DeepFillV2(DeepFillV2Config.paper())
    network(torch.rand(1, 3, 512, 512), hole[:1].repeat_interleave(4, 2).repeat_interleave(4, 3))
    note()
print(json.dumps(peaks))
"""


def test_memory_does_not_grow_with_the_batch_and_512_pixels_fit_in_two_gigabytes() -> None:
    done = subprocess.run([sys.executable, "-c", PEAKS], check=True, capture_output=True, text=True)
    one, four, whole = json.loads(done.stdout)

    assert four - one < 100  # MB: a matrix of scores has 64, so one a picture would add 192
    assert whole < 2000
