from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bench.errors import DataError
from bench.metrics import fid, ids, kid
from tests.metrics.distribution.made_features import features

Distance = Callable[..., Any]


GOOD = features(10, 4)
NOT_FEATURES: dict[str, tuple[object, str]] = {
    "list": ([[1.0, 2.0]], "float tensor or array .* found list"),
    "none": (None, "found NoneType"),
    "pictures": (torch.zeros(4, 3, 8, 8, dtype=torch.uint8), "found torch.Tensor of uint8"),
    "integers": (np.ones((4, 4), np.int64), "found numpy.ndarray of int64"),
    "maps": (np.ones((4, 4, 2, 2)), r"be a matrix \[N, D\]; found \[4, 4, 2, 2\]"),
    "one row": (GOOD[:1], "have at least [24] rows, one a picture; found 1"),
    "no row": (GOOD[:0], "have at least [24] rows, one a picture; found 0"),
    "no feature": (GOOD[:, :0], r"be a matrix \[N, D\]; found \[10, 0\]"),
    "nan": (np.where(np.eye(10, 4), np.nan, GOOD), "be finite; found 4 infinite or undefined numbers"),
    "inf": (torch.from_numpy(np.where(np.eye(10, 4), np.inf, GOOD)), "be finite; found 4 infinite"),
    "constant": (
        np.full((10, 4), 0.5),
        "differ between pictures; found constant features, the same 4 numbers in all 10 rows",
    ),
    "one picture": (np.repeat(GOOD[:1], 10, axis=0), "constant features"),
}


@pytest.mark.parametrize(
    ("distance", "names"),
    [
        (fid, ("features_a", "features_b")),
        (kid, ("features_a", "features_b")),
        (ids, ("features_real", "features_fake")),
    ],
)
@pytest.mark.parametrize(("wrong", "message"), NOT_FEATURES.values(), ids=NOT_FEATURES)
def test_bad_features_are_named(distance: Distance, names: tuple[str, str], wrong: object, message: str) -> None:
    with pytest.raises(DataError, match=f"{names[0]} must .*{message}"):
        distance(wrong, GOOD)
    with pytest.raises(DataError, match=f"{names[1]} must .*{message}"):
        distance(GOOD, wrong)


@pytest.mark.parametrize("distance", [fid, kid, ids])
def test_sets_that_do_not_fit_are_refused(distance: Distance) -> None:
    with pytest.raises(DataError, match=r"must have the 4 features of features_\w+; found 3"):
        distance(GOOD, GOOD[:, :3])
    with pytest.raises(DataError, match="must be on the device cpu"):
        distance(GOOD, OnAnotherDevice(torch.from_numpy(GOOD)))


class OnAnotherDevice(torch.Tensor):
    """A tensor that says so, for machines with one device."""

    @property
    def device(self) -> torch.device:  # type: ignore[override]  # an attribute of the C class
        return torch.device("cuda:7")


@pytest.mark.parametrize("distance", [fid, kid])
def test_tensors_and_arrays_of_any_float_type_are_taken(distance: Distance) -> None:
    a, b = features(20, 6).astype(np.float32), features(24, 6, seed=1).astype(np.float32)
    expected = distance(a.astype(np.float64), b.astype(np.float64))
    read_only = a.copy()
    read_only.flags.writeable = False

    assert distance(a, b) == expected
    assert distance(read_only, torch.from_numpy(b)) == expected
    assert distance(torch.from_numpy(a).requires_grad_(), torch.from_numpy(b).double()) == expected
    np.testing.assert_allclose(distance(np.asfortranarray(a), b[::-1][::-1]), expected, rtol=1e-9)


@pytest.mark.parametrize("distance", [fid, kid])
def test_nothing_is_written_into_the_arguments(distance: Distance) -> None:
    a, b = features(20, 6), torch.from_numpy(features(24, 6, seed=1))
    before = a.copy(), b.clone()

    distance(a, b)

    np.testing.assert_array_equal(a, before[0])
    assert torch.equal(b, before[1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(("rows", "others"), [(40, 50), (300, 40), (400, 300)])
def test_another_device_gives_the_same_values(rows: int, others: int) -> None:
    a, b = features(rows, 64), features(others, 64, seed=1, shift=0.1)
    there_a, there_b = (torch.from_numpy(x).cuda() for x in (a, b))

    assert fid(there_a, there_b) == pytest.approx(fid(a, b), rel=1e-6)
    assert kid(there_a, there_b) == pytest.approx(kid(a, b), rel=1e-9)
