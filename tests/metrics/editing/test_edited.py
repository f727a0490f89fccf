from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.metrics import BatchView, measure
from bench.vocabulary import VOID

N, K, SIDE = 2, 4, 6
CLASSES = ("a", "b", "c")
LABELS = arrays(np.uint8, (N, SIDE, SIDE), elements=st.sampled_from([0, 1, 2, VOID]))
SEVERAL = arrays(np.uint8, (N, K, SIDE, SIDE), elements=st.sampled_from([0, 1, 2, VOID]))
MASKS = arrays(np.bool_, (N, SIDE, SIDE))
PICTURES = arrays(np.uint8, (N, K, 3, SIDE, SIDE))


def view(hole: np.ndarray, **parts: np.ndarray | None) -> BatchView:
    picture = torch.zeros(N, 3, SIDE, SIDE, dtype=torch.uint8)
    given = {name: None if part is None else torch.from_numpy(part) for name, part in parts.items()}
    return BatchView(picture, picture, picture, torch.from_numpy(hole)[:, None], classes=CLASSES, **given)  # type: ignore[arg-type]


def share(part: np.ndarray, whole: np.ndarray) -> float:
    return 100 * (part & whole).sum() / whole.sum() if whole.any() else np.nan


@given(LABELS, LABELS, LABELS, MASKS, MASKS)
def test_control_in_edited_pixels_and_by_class_is_counted_as_numpy_counts(
    asked: np.ndarray, judged: np.ndarray, untouched: np.ndarray, hole: np.ndarray, edited: np.ndarray
) -> None:
    edited &= hole
    seen = view(hole, asked=asked, edited=edited[:, None], judged=judged, judged_truth=untouched)
    names = [f"{name}{end}" for name in ("edit-accuracy", "control-class-accuracy") for end in ("", "-untouched")]

    values = measure(seen, ["edit-size", *names])

    for row in range(N):
        assert values["edit-size.hole"][row].item() == pytest.approx(share(edited[row], hole[row]), nan_ok=True)
        for end, maps in (("", judged), ("-untouched", untouched)):
            right, known = maps[row] == asked[row], asked[row] != VOID
            expected = share(right, edited[row] & known)
            assert values[f"edit-accuracy{end}.hole"][row].item() == pytest.approx(expected, nan_ok=True)
            shares = [share(right, hole[row] & (asked[row] == index)) for index in range(3)]
            found = [values[f"control-class-accuracy{end}.hole.{name}"][row].item() for name in CLASSES]
            assert found == pytest.approx(shares, nan_ok=True)
            mean = np.nan if np.isnan(shares).all() else np.nanmean(shares)
            assert values[f"control-class-accuracy{end}.hole"][row].item() == pytest.approx(mean, nan_ok=True)


@given(SEVERAL, SEVERAL, PICTURES, MASKS)
def test_several_fills_are_compared_in_pairs_as_numpy_compares(
    asked: np.ndarray, judged: np.ndarray, fills: np.ndarray, hole: np.ndarray
) -> None:
    seen = view(hole, fills=fills, fill_labels=asked, judged_fills=judged)

    values = measure(seen, ["control-accuracy-of-4", "diversity-l1", "diversity-labels"])

    for row in range(N):
        inside = hole[row]
        each = [share(asked[row, k] == judged[row, k], inside & (asked[row, k] != VOID)) for k in range(K)]
        assert values["control-accuracy-of-4.hole"][row].item() == pytest.approx(np.mean(each), nan_ok=True)
        pairs = list(combinations(range(K), 2))
        apart = [share(judged[row, a] != judged[row, b], inside) for a, b in pairs]
        assert values["diversity-labels.hole"][row].item() == pytest.approx(np.mean(apart), nan_ok=True)
        if inside.any():
            pixels = fills[row][..., inside].astype(float)
            differences = [np.abs(pixels[a] - pixels[b]).mean() / 2.55 for a, b in pairs]
            assert values["diversity-l1.hole"][row].item() == pytest.approx(np.mean(differences))


def test_what_is_not_there_is_undefined_and_equal_fills_differ_by_nothing() -> None:
    hole = np.ones((N, SIDE, SIDE), bool)
    labels, fills = np.zeros((N, SIDE, SIDE), np.uint8), np.full((N, K, 3, SIDE, SIDE), 9, np.uint8)

    nothing = measure(
        view(hole, judged=labels), ["edit-size", "edit-accuracy", "control-accuracy-of-4", "diversity-l1"]
    )
    equal = measure(view(hole, fills=fills), ["diversity-l1", "diversity-labels"])

    assert all(torch.isnan(values).all() for values in nothing.values())
    assert equal["diversity-l1.hole"].tolist() == [0.0] * N
    assert torch.isnan(equal["diversity-labels.hole"]).all()


def test_an_edited_map_goes_before_the_one_that_the_model_completed() -> None:
    hole = np.ones((N, SIDE, SIDE), bool)
    zeros, ones = (np.full((N, SIDE, SIDE), value, np.uint8) for value in (0, 1))

    seen = measure(
        view(hole, asked=ones, edited=hole[:, None], predicted_labels=zeros, judged=ones), ["control-accuracy"]
    )
    own = measure(view(hole, predicted_labels=zeros, judged=ones), ["control-accuracy", "control-class-accuracy"])

    assert seen["control-accuracy.hole"].tolist() == [100.0] * N
    assert own["control-accuracy.hole"].tolist() == own["control-class-accuracy.hole"].tolist() == [0.0] * N
