from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from bench.errors import DataError
from bench.metrics import BatchView, gradient, measure
from bench.metrics.pixel.backends.gradient_cpu import gradient_sums as sums_on_cpu
from bench.metrics.pixel.backends.gradient_torch import gradient_sums as sums_in_torch

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
MakeRegion = Callable[..., torch.Tensor]


def plain(truth: np.ndarray, answer: np.ndarray, region: np.ndarray) -> float:
    """The formula pair by pair, uint8 [3, H, W] twice and bool [H, W]."""
    found = []
    for axis in (1, 2):
        gradients = [np.abs(np.diff(picture.astype(np.int64), axis=axis)) for picture in (truth, answer)]
        either = np.delete(region, -1, axis - 1) | np.delete(region, 0, axis - 1)
        found.append(np.abs(gradients[0] - gradients[1])[:, either].ravel())
    return 100 / 255 * float(np.concatenate(found).mean())


def test_it_is_the_formula(pair: MakePair, region: MakeRegion) -> None:
    reference, completed = pair(3, 37, 53)
    counted = region(3, 37, 53, share=0.1)

    expected = [plain(reference[i].numpy(), completed[i].numpy(), counted[i, 0].numpy()) for i in range(3)]

    assert gradient(reference, completed, counted).tolist() == pytest.approx(expected, abs=1e-12)


def test_another_colour_is_no_error_and_blur_is_one() -> None:
    reference = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    reference[..., 8:] = 200
    blurred = reference.clone()
    blurred[..., 7], blurred[..., 8] = 67, 133

    assert gradient(reference, reference + 40).tolist() == [0]
    pairs = 2 * 15 * 16  # an edge of 200 becomes steps of 67, 66 and 67
    assert gradient(reference, blurred).item() == pytest.approx(100 / 255 * 16 * (67 + 134 + 67) / pairs, abs=1e-12)


def test_turning_both_pictures_changes_nothing(pair: MakePair, region: MakeRegion) -> None:
    tensors = (*pair(2, 24, 32), region(2, 24, 32))

    for turn in (lambda t: t.flip(2), lambda t: t.flip(3), lambda t: t.transpose(2, 3)):
        assert torch.equal(gradient(*map(turn, tensors)), gradient(*tensors))


def test_the_seam_of_a_hole_belongs_to_it() -> None:
    reference = torch.full((1, 3, 9, 9), 100, dtype=torch.uint8)
    hole = torch.zeros(1, 1, 9, 9, dtype=torch.bool)
    hole[..., 3:6, 3:6] = True
    completed = torch.where(hole, 155, reference).to(torch.uint8)

    assert gradient(reference, completed, hole).item() == pytest.approx(100 * 55 / 255 * 12 / 24, abs=1e-12)


def test_without_pairs_it_is_undefined(pair: MakePair) -> None:
    reference, completed = pair(1, 8, 8)

    assert gradient(reference, completed, torch.zeros(1, 1, 8, 8, dtype=torch.bool)).isnan().all()
    assert gradient(reference[..., :1, :1], completed[..., :1, :1]).isnan().all()


def test_values_do_not_depend_on_batch_and_threads(
    pair: MakePair, region: MakeRegion, threads: Callable[[int], None]
) -> None:
    tensors = (*pair(5, 40, 40), region(5, 40, 40))
    threads(1)
    alone = torch.cat([gradient(*(part[i : i + 1] for part in tensors)) for i in range(5)])
    threads(4)

    assert torch.equal(gradient(*tensors), alone)
    assert torch.equal(gradient(*(part.flip(0) for part in tensors)), alone.flip(0))


def test_both_implementations_sum_the_same(pair: MakePair, region: MakeRegion) -> None:
    reference, completed = pair(2, 33, 47)
    regions = [region(2, 33, 47, seed=seed) for seed in (0, 1)]

    assert torch.equal(sums_on_cpu(reference, completed, regions), sums_in_torch(reference, completed, regions))


def test_regions_of_the_harness_are_hole_and_boundary(pair: MakePair) -> None:
    reference, raw = pair(2, 32, 32)
    hole = torch.zeros(2, 1, 32, 32, dtype=torch.bool)
    hole[..., 8:24, 8:24] = True
    completed = torch.where(hole, raw, reference)
    labels = torch.zeros(2, 32, 32, dtype=torch.uint8)
    labels[..., 16:] = 1
    comparison = BatchView(reference, completed, raw, hole, labels)

    values = measure(comparison, ["gradient"])

    assert torch.equal(values["gradient.hole"], gradient(reference, completed, hole))
    assert torch.equal(values["gradient.boundary"], gradient(reference, completed, comparison.boundary))
    without = measure(BatchView(reference, completed, raw, hole), ["gradient"])
    assert without["gradient.boundary"].isnan().all()


def test_wrong_pictures_are_named(pair: MakePair) -> None:
    reference, completed = pair(1, 8, 8)

    with pytest.raises(DataError, match="completed picture must be a uint8 tensor"):
        gradient(reference, completed / 255)
