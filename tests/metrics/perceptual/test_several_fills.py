from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import bench.metrics
from bench.errors import DataError, UsageError
from bench.metrics import best_of, lpips_diversity
from bench.metrics.perceptual.backends.network import Lpips
from tests.support.stand_in_weights import publish, random_trunk


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lpips]:
    state = {f"features.{key}": tensor for key, tensor in random_trunk("squeezenet1_1").state_dict().items()}
    with pytest.MonkeyPatch.context() as monkeypatch:
        publish("squeezenet", state, tmp_path_factory.mktemp("weights"), monkeypatch)
        yield Lpips("squeeze")


@pytest.fixture(scope="module")
def fills() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 4, 3, 40, 40), dtype=np.uint8))


def test_diversity_is_the_mean_over_pairs(network: Lpips, fills: torch.Tensor) -> None:
    features = [[network.features(fill[None]) for fill in image] for image in fills]

    found = lpips_diversity(fills, network=network)

    pairs = [[float(network.distance(a, b)) for a, b in combinations(image, 2)] for image in features]
    assert found.tolist() == pytest.approx([sum(image) / 6 for image in pairs], rel=1e-12)
    assert found.dtype == torch.float64


def test_the_order_of_the_fills_does_not_matter(network: Lpips, fills: torch.Tensor) -> None:
    assert torch.equal(
        lpips_diversity(fills, network=network), lpips_diversity(fills[:, [2, 0, 3, 1]], network=network)
    )


def test_equal_fills_have_no_diversity(network: Lpips, fills: torch.Tensor) -> None:
    assert lpips_diversity(fills[:, :1].expand(-1, 3, -1, -1, -1), network=network).tolist() == [0, 0]


def test_one_fill_is_refused(network: Lpips, fills: torch.Tensor) -> None:
    with pytest.raises(DataError, match="K >= 2; found uint8"):
        lpips_diversity(fills[:, :1], network=network)
    with pytest.raises(DataError, match="looks like 0 to 1"):
        lpips_diversity(fills / 255, network=network)


def test_the_plain_function_takes_the_published_weights(fills: torch.Tensor, network: Lpips) -> None:
    assert torch.equal(bench.metrics.lpips_diversity(fills, net="squeeze"), lpips_diversity(fills, network=network))


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=7), st.integers(1, 7), st.booleans())
def test_best_of_is_the_mean_over_all_choices(values: list[float], k: int, higher_is_better: bool) -> None:
    k = min(k, len(values))
    best = max if higher_is_better else min
    choices = [best(choice) for choice in combinations(values, k)]

    found = best_of(torch.tensor([values], dtype=torch.float64), k, higher_is_better=higher_is_better)

    assert found.tolist() == pytest.approx([sum(choices) / len(choices)], rel=1e-9, abs=1e-9)


def test_best_of_all_and_of_one() -> None:
    values = torch.tensor([[1.0, 4, 2], [7, 7, 7]], dtype=torch.float64)

    assert best_of(values, 3, higher_is_better=True).tolist() == [4, 7]
    assert best_of(values, 3, higher_is_better=False).tolist() == [1, 7]
    assert best_of(values, 1, higher_is_better=True).tolist() == pytest.approx([7 / 3, 7])


def test_undefined_and_infinite_values() -> None:
    values = torch.tensor([[1.0, math.nan, 2], [math.inf, 3, 4]])

    assert math.isnan(best_of(values, 2, higher_is_better=False)[0])
    assert best_of(values, 3, higher_is_better=True)[1] == math.inf
    assert best_of(values, 3, higher_is_better=False)[1] == 3
    assert best_of(values, 2, higher_is_better=False)[1] == pytest.approx((3 + 3 + 4) / 3)


def test_wrong_k_and_values() -> None:
    with pytest.raises(UsageError, match="k of best_of must be from 1 to the 3 fills; found 4"):
        best_of(torch.zeros(2, 3), 4, higher_is_better=True)
    with pytest.raises(DataError, match=r"float tensor \[N, K\]"):
        best_of(torch.zeros(3), 1, higher_is_better=True)
