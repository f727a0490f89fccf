from __future__ import annotations

import pickle

import pytest

from bench.errors import (
    DataError,
    EnvironmentFailure,
    Failure,
    ModelFailure,
    RunConflict,
    SpgbenchError,
    UnknownName,
    UsageError,
    nearest,
)


def test_the_message_says_subject_must_found_and_fix() -> None:
    error = UsageError("size '0'", "be positive", "0", "Give 256.")

    assert str(error) == "size '0' must be positive; found 0. Give 256."


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (UsageError, 2),
        (DataError, 2),
        (RunConflict, 2),
        (Failure, 3),
        (ModelFailure, 1),
        (EnvironmentFailure, 3),
    ],
)
def test_exit_codes_and_pickling(kind: type[SpgbenchError], code: int) -> None:
    copy = pickle.loads(pickle.dumps(kind("a", "b", "c", "d")))  # noqa: S301 (our own bytes)

    assert (type(copy), str(copy), copy.exit_code) == (kind, "a must b; found c. d", code)


def test_unknown_names_survive_pickling_and_suggest() -> None:
    copy = pickle.loads(pickle.dumps(UnknownName("model", "tela", ["telea", "mean"])))  # noqa: S301 (our own bytes)

    assert "Did you mean telea?" in str(copy)
    assert "Known: telea, mean." in str(UnknownName("model", "zzz", ["telea", "mean"]))


METRICS = (
    "psnr",
    "ssim",
    "ms-ssim",
    "lpips-alex",
    "lpips-vgg",
    "fid",
    "label-miou",
    "label-trimap-miou-5",
    "judge-miou",
)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("pnsr", "psnr"),
        ("PNSR", "psnr"),
        ("miou", "label-miou"),
        ("lpips", "lpips-alex"),
        ("LPIPS_alexnet", "lpips-alex"),
    ],
)
def test_suggestions_begin_with_the_nearest(name: str, first: str) -> None:
    near = nearest(name, METRICS)

    assert near[0] == first
    assert len(near) <= 3


def test_suggestions_leave_versions_out_and_may_be_none() -> None:
    assert nearest("freefrom", ("freeform@1", "freeform@2", "center-50@1")) == ["freeform"]
    assert nearest("zzz", METRICS) == []
