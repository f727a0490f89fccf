from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.metrics import LabelComparison, boundary_band
from bench.metrics.cache.memory import TRUTH_MEMORY, digest


@pytest.mark.parametrize(
    "other", [np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.int16), np.ones((2, 3), np.int16), np.zeros(6, np.int16)]
)
def test_a_digest_is_of_type_shape_and_content(other: np.ndarray) -> None:
    array = np.zeros((2, 3), np.int16)

    assert digest(array) == digest(np.zeros((3, 2), np.int16).T.copy().reshape(2, 3))
    assert digest(array) != digest(other)


def test_scores_are_the_same_with_and_without_what_is_in_memory() -> None:
    random = np.random.default_rng(0)
    truth = torch.from_numpy(np.kron(random.integers(0, 4, (2, 6, 8)), np.ones((1, 8, 8))).astype(np.uint8))
    answers = [torch.roll(truth, shift, 2) for shift in (1, 3)]

    def scores(predicted: torch.Tensor) -> torch.Tensor:
        maps = LabelComparison(truth, predicted, 4)
        return torch.stack([maps.boundary_iou(2), maps.boundary_f(2), maps.trimap_iou(3), maps.hd95(), maps.assd()])

    TRUTH_MEMORY.clear()
    fresh = [scores(predicted) for predicted in answers]
    kept = [scores(predicted) for predicted in answers]
    TRUTH_MEMORY.clear()
    backwards = [scores(predicted) for predicted in reversed(answers)][::-1]

    for other in (kept, backwards):
        assert all(torch.equal(a.nan_to_num(-1), b.nan_to_num(-1)) for a, b in zip(fresh, other, strict=True))


def test_bands_of_other_widths_are_other_bands() -> None:
    labels = torch.zeros(1, 20, 30, dtype=torch.uint8)
    labels[:, 10:] = 1

    assert [int(boundary_band(labels, width).sum()) for width in (1, 4, 1, 4)] == [60, 240, 60, 240]
    assert int(boundary_band(labels, 4, ignore_index=1).sum()) == 0
