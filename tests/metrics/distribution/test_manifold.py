from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import torch

from bench.errors import DataError, UsageError
from bench.metrics import coverage, definition, density, precision, recall
from tests.metrics.distribution.made_features import Floats, features

SCORES = {"precision": precision, "recall": recall, "density": density, "coverage": coverage}
PAPERS = {"precision": 3, "recall": 3, "density": 5, "coverage": 5}


def all_distances(a: Floats, b: Floats) -> Floats:
    return np.stack([np.square(row - b).sum(axis=1) for row in a])


def by_formula(real: Floats, fake: Floats) -> dict[str, float]:
    """From all distances, as the papers write it."""
    across = all_distances(real, fake)
    (real_3, real_5), (fake_3,) = (
        [np.sort(all_distances(one, one))[:, k] for k in ks] for one, ks in ((real, (3, 5)), (fake, (3,)))
    )
    in_open = across < real_5[:, None]
    return {
        "precision": float((across <= real_3[:, None]).any(axis=0).mean()),
        "recall": float((across <= fake_3).any(axis=1).mean()),
        "density": float(in_open.sum(axis=0).mean() / 5),
        "coverage": float(in_open.any(axis=1).mean()),
    }


@pytest.mark.parametrize("offset", [0.0, 1e8])
@pytest.mark.parametrize(("size", "shift"), [(1, 0.5), (2, 1.0), (300, 0.02)])
def test_scores_are_those_of_all_distances(size: int, shift: float, offset: float) -> None:
    """A mean that is 1e8 times the distances leaves them no digit in |x|² - 2xy + |y|²."""
    real, fake = features(90, size) + offset, features(70, size, seed=1, shift=shift) + offset

    found = {name: score(real, fake) for name, score in SCORES.items()}

    assert found == by_formula(real, fake)
    assert {name: definition(name).load_distance()(real, fake)[0] for name in SCORES} == found


def test_precision_and_recall_are_those_of_torch_fidelity() -> None:
    real, fake = features(120, 4), features(100, 4, seed=1, shift=0.5)

    theirs = import_module("torch_fidelity.metric_prc").prc_features_to_metric(
        *(torch.from_numpy(one) for one in (fake, real)),
        prc_neighborhood=3,
        prc_batch_size=50,
        save_cpu_ram=False,
        verbose=False,
    )

    assert precision(real, fake) == pytest.approx(theirs["precision"])
    assert recall(real, fake) == pytest.approx(theirs["recall"])
    assert 0.2 < theirs["precision"] < 1 > theirs["recall"] > 0.2


def test_equal_sets_score_1_and_distant_ones_0() -> None:
    real = features(60, 5)
    order = np.random.default_rng(0).permutation(60)

    assert [score(real, real[order]) for score in SCORES.values()] == [1, 1, 1, 1]
    assert [score(real, real + 100) for score in SCORES.values()] == [0, 0, 0, 0]


def test_a_line_of_points_in_closed_form() -> None:
    """Truth 0..9: radius 1 at k = 2, and 2 at both ends. Ties are in closed balls and outside open ones."""
    real = np.arange(10.0)[:, None]
    fake = np.array([[-2.0], [-1.0], [4.5], [11.5]])

    assert precision(real, fake, k=2) == 3 / 4  # -2 is at the radius of 0
    assert density(real, fake, k=2) == (0 + 1 + 2 + 0) / (4 * 2)
    assert coverage(real, fake, k=2) == 3 / 10  # 0, 4 and 5


def test_repeated_pictures_are_found_among_themselves() -> None:
    """Rows that stand more than k times have balls of radius 0."""
    real = np.repeat(features(9, 6), 7, axis=0)

    assert [score(real, real) for score in SCORES.values()] == [1, 1, pytest.approx(7 / 5), 1]
    assert [score(real, real + 1e-9) for score in SCORES.values()] == [0, 0, 0, 0]


def test_an_outlier_among_the_fills_makes_recall_easy_and_leaves_coverage() -> None:
    real, fake = features(80, 8), features(80, 8, seed=1, shift=6.0)
    outlier = np.concatenate([fake, np.full((1, 8), -1e4)])

    assert [recall(real, one) for one in (fake, outlier)] == [0, 1]
    assert [coverage(real, one) for one in (fake, outlier)] == [0, 0]


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
def test_the_unit_of_the_features_does_not_count(scale: float) -> None:
    real, fake = features(40, 6), features(40, 6, seed=1, shift=0.3)
    wanted = by_formula(real, fake)

    assert {name: score(real * scale, fake * scale) for name, score in SCORES.items()} == wanted


def test_blocks_and_huge_values_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = features(50, 6), features(45, 6, seed=1, shift=0.3)
    real[0] = 1e25  # all other distances are lost in the bounds
    whole = {name: score(real, fake) for name, score in SCORES.items()}
    monkeypatch.setattr("bench.metrics.distribution.backends.neighbours._BLOCK", 130)
    monkeypatch.setattr("bench.metrics.distribution.backends.neighbours._PAIRS", 20)

    assert {name: score(real, fake) for name, score in SCORES.items()} == whole == by_formula(real, fake)


@pytest.mark.parametrize("name", SCORES)
def test_too_few_pictures_are_refused(name: str) -> None:
    k, real = PAPERS[name], features(6, 3)
    few = features(k, 3, seed=1)

    with pytest.raises(DataError, match=f"features_fake must have at least {k + 1} rows, one a picture; found {k}"):
        SCORES[name](real, few)
    with pytest.raises(DataError, match="features of completed pictures must have at least 6 rows"):
        definition(name).load_distance()(real, real[:5])
    with pytest.raises(UsageError, match=f"k of {name} must be at least 1; found 0"):
        SCORES[name](real, real, k=0)


def test_undefined_features_are_refused() -> None:
    real, fake = features(10, 3), features(10, 3, seed=1)
    fake[4, 1] = np.nan

    with pytest.raises(DataError, match="features_fake must be finite; found 1 infinite or undefined"):
        precision(real, fake)


def test_few_pictures_have_a_note_and_no_interval() -> None:
    for name, pictures in (("precision", 50_000), ("density", 10_000)):
        metric = definition(name)
        assert metric.few
        assert metric.few.of(pictures - 1).endswith("of the paper: compare it at the same N only")
        assert not metric.resampling
