from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC

from bench.errors import DataError, UsageError
from bench.metrics import ids
from tests.metrics.distribution.made_features import features


def test_ids_refuses_few_pictures() -> None:
    with pytest.raises(UsageError, match=r"at least 5000 pictures in both sets together; found 2N = 4998.*KID"):
        ids(features(2499, 2), features(2499, 2, seed=1))


def test_ids_needs_pairs() -> None:
    with pytest.raises(DataError, match="features_fake must have a row for each of the 10 true pictures; found 9"):
        ids(features(10, 4), features(10, 4)[:9], allow_few=True)


def test_ids_is_what_scikit_learn_scores() -> None:
    real, fake = features(2500, 6), features(2500, 6, seed=1, shift=0.2)
    inputs, targets = np.concatenate([real, fake]), np.repeat([1, 0], 2500)
    machine = LinearSVC(dual=False).fit(inputs, targets)

    paired, unpaired = ids(real, fake)

    assert unpaired == pytest.approx(1 - machine.score(inputs, targets), abs=1e-12)
    assert paired == np.mean(machine.decision_function(fake) > machine.decision_function(real))
    assert 0 < paired < unpaired < 0.5
    assert [type(share) for share in (paired, unpaired)] == [float, float]
    assert (paired, unpaired) == ids(torch.from_numpy(real), fake)


def test_ids_of_one_distribution_is_near_a_half_and_of_far_ones_zero() -> None:
    real = features(2500, 4)

    same, far = ids(real, features(2500, 4, seed=1)), ids(real, real + 9)

    assert same == pytest.approx((0.5, 0.5), abs=0.05)
    assert far == (0, 0)


def test_ids_of_few_pictures_is_degenerate() -> None:
    """Why they are refused: with more features than pictures any two samples can be separated."""
    assert ids(features(50, 200), features(50, 200, seed=1), allow_few=True) == (0, 0)
