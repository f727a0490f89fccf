from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import bench.metrics
from bench.errors import DataError
from bench.metrics import BatchView, measure
from bench.metrics.pixel.backends.relative import level_sums_cpu, level_sums_torch

MakePair = Callable[..., tuple[torch.Tensor, torch.Tensor]]
MakeRegion = Callable[..., torch.Tensor]


@settings(max_examples=40)
@given(st.integers(1, 3), st.integers(1, 20), st.integers(1, 20), st.floats(0, 1), st.integers(0, 99))
def test_it_agrees_with_the_formula(
    pair: MakePair, region: MakeRegion, count: int, height: int, width: int, share: float, seed: int
) -> None:
    reference, completed = pair(count, height, width, seed)
    where = region(count, height, width, seed, share)

    ours = bench.metrics.l1_relative(reference, completed, where)

    for index, value in enumerate(ours.tolist()):
        mask = where[index, 0].numpy()
        a, b = (picture[index].numpy()[:, mask].astype(np.float64) for picture in (reference, completed))
        expected = np.abs(a - b).sum() / (a + b).sum() if (a + b).sum() else 0.0 if a.size else np.nan
        np.testing.assert_allclose(value, expected, rtol=0, atol=1e-12)


def test_both_implementations_agree(pair: MakePair, region: MakeRegion) -> None:
    reference, completed = pair(2, 9, 14)
    regions = [region(2, 9, 14, seed) for seed in range(3)]

    assert torch.equal(level_sums_cpu(reference, completed, regions), level_sums_torch(reference, completed, regions))


def test_known_values() -> None:
    black, grey, white = (torch.full((1, 3, 4, 4), level, dtype=torch.uint8) for level in (0, 85, 255))

    assert bench.metrics.l1_relative(black, white).item() == 1
    assert bench.metrics.l1_relative(grey, white).item() == 0.5
    assert bench.metrics.l1_relative(grey, grey).item() == 0
    assert bench.metrics.l1_relative(black, black).item() == 0  # an exact fill of a black hole


def test_an_empty_region_is_undefined(pair: MakePair) -> None:
    where = torch.zeros(1, 1, 8, 8, dtype=torch.bool)

    assert bench.metrics.l1_relative(*pair(1, 8, 8), where).isnan().all()


def test_a_value_does_not_depend_on_batch_order_or_threads(
    pair: MakePair, region: MakeRegion, threads: Callable[[int], None]
) -> None:
    tensors = (*pair(6, 21, 34), region(6, 21, 34))
    threads(1)
    alone = [bench.metrics.l1_relative(*(t[i : i + 1] for t in tensors)).item() for i in range(6)]

    threads(3)
    assert bench.metrics.l1_relative(*tensors).tolist() == alone
    assert bench.metrics.l1_relative(*(t.flip(0) for t in tensors)).tolist() == alone[::-1]


def test_large_bright_pictures_do_not_overflow() -> None:
    white = torch.full((1, 3, 1, 1), 255, dtype=torch.uint8).expand(1, 3, 2048, 2048)
    near = torch.full((1, 3, 1, 1), 253, dtype=torch.uint8).expand(1, 3, 2048, 2048)

    assert bench.metrics.l1_relative(white, near).item() == 2 / 508


def test_the_harness_measures_full_and_hole(pair: MakePair) -> None:
    reference, raw = pair(2, 32, 24)
    hole = torch.zeros(2, 1, 32, 24, dtype=torch.bool)
    hole[:, :, 8:20, 5:15] = True
    completed = torch.where(hole, raw, reference)

    values = measure(BatchView(reference, completed, raw, hole), ["l1-relative"])

    assert values.keys() == {"l1-relative.full", "l1-relative.hole"}
    assert values["l1-relative.full"].tolist() == bench.metrics.l1_relative(reference, completed).tolist()
    assert values["l1-relative.hole"].tolist() == bench.metrics.l1_relative(reference, completed, hole).tolist()


def test_bad_arguments_are_named(pair: MakePair) -> None:
    reference, completed = pair(1, 8, 8)

    with pytest.raises(DataError, match="completed picture must be a uint8 tensor"):
        bench.metrics.l1_relative(reference, completed.float())
    with pytest.raises(DataError, match="completed picture must have the shape"):
        bench.metrics.l1_relative(reference, completed[..., 1:])
    with pytest.raises(DataError, match="region must be a bool array"):
        bench.metrics.l1_relative(reference, completed, torch.ones(1, 1, 8, 8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_another_device_gives_the_same_values(pair: MakePair, region: MakeRegion) -> None:
    tensors = (*pair(3, 21, 34), region(3, 21, 34))

    there = bench.metrics.l1_relative(*(t.cuda() for t in tensors))

    assert there.tolist() == bench.metrics.l1_relative(*tensors).tolist()
