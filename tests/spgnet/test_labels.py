from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import Tensor
from torch.nn import functional

from spgnet import VOID, edit, likeliest, one_hot
from spgnet.labels import check_labels

maps = hnp.arrays("uint8", (2, 4, 5), elements=st.sampled_from([0, 1, 2, VOID])).map(torch.from_numpy)
holes = hnp.arrays(bool, (2, 1, 4, 5)).map(torch.from_numpy)


@given(labels=maps, hole=holes)
@settings(max_examples=30, deadline=None)
def test_one_hot_is_all_zero_exactly_where_nothing_is_known(labels: Tensor, hole: Tensor) -> None:
    coded = one_hot(labels, 3, hole)
    known = (labels != VOID) & ~hole[:, 0]

    assert coded.dtype == torch.float32
    assert torch.equal(coded.sum(1), known.float())
    assert torch.equal(coded.argmax(1)[known], labels.long()[known])


def test_one_hot_of_a_full_map_is_torchs() -> None:
    labels = torch.arange(12, dtype=torch.uint8).reshape(1, 3, 4) % 5

    assert torch.equal(one_hot(labels, 5), functional.one_hot(labels.long(), 5).movedim(-1, 1).float())


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.int64])
def test_one_hot_of_what_is_no_class_is_all_zero(dtype: torch.dtype) -> None:
    labels = torch.tensor([[[0, 3, 4, 100]]], dtype=dtype)

    assert torch.equal(one_hot(labels, 4).sum(1), torch.tensor([[[1.0, 1, 0, 0]]]))


@given(scores=hnp.arrays("float32", (2, 5, 3, 4), elements=st.sampled_from([-1.0, 0.0, 0.5, float("inf")])))
@settings(max_examples=30, deadline=None)
def test_the_likeliest_class_is_the_first_of_the_highest(scores: npt.NDArray[np.float32]) -> None:
    for order in (torch.contiguous_format, torch.channels_last):
        labels = likeliest(torch.from_numpy(scores).contiguous(memory_format=order))

        assert labels.dtype == torch.uint8
        assert np.array_equal(labels.numpy(), scores.argmax(axis=1))


@given(labels=maps, mask=hnp.arrays(bool, (4, 5)).map(torch.from_numpy), class_index=st.sampled_from([0, 2, VOID]))
@settings(max_examples=30, deadline=None)
def test_edit_paints_the_mask_and_nothing_else(labels: Tensor, mask: Tensor, class_index: int) -> None:
    before = labels.clone()
    edited = edit(labels, mask, class_index)

    assert edited.dtype == labels.dtype
    assert (edited[:, mask] == class_index).all()
    assert torch.equal(edited[:, ~mask], labels[:, ~mask])
    assert torch.equal(labels, before)
    assert torch.equal(edited, edit(labels, mask.expand(2, -1, -1), class_index))


@pytest.mark.parametrize(
    ("mask", "class_index", "message"),
    [
        (torch.ones(4, 5), 1, "mask must be bool; found float32"),
        (torch.ones(5, 4, dtype=torch.bool), 1, r"mask must be \[2, 4, 5\] or \[4, 5\]"),
        (torch.ones(4, 5, dtype=torch.bool), -1, "class_index must be 0 to 255; found -1"),
        (torch.ones(4, 5, dtype=torch.bool), 256, "class_index must be 0 to 255; found 256"),
    ],
)
def test_a_wrong_edit_is_named(mask: Tensor, class_index: int, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        edit(torch.zeros(2, 4, 5, dtype=torch.uint8), mask, class_index)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
def test_every_integer_type_is_a_label_map(dtype: torch.dtype) -> None:
    labels = torch.tensor([[[0, 2], [VOID, 1]]], dtype=dtype)
    check_labels(labels, 3, (1, 2, 2))

    assert one_hot(labels, 3).sum() == 3


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (torch.zeros(1, 4, 4), TypeError, "labels must be integer; found float32"),
        (torch.zeros(1, 4, 4, dtype=torch.bool), TypeError, "labels must be integer; found bool"),
        (torch.zeros(1, 4, 5, dtype=torch.uint8), ValueError, r"labels must be \[1, 4, 4\], .*; found \[1, 4, 5\]"),
        (torch.zeros(1, 1, 4, 4, dtype=torch.uint8), ValueError, r"without a channel axis; found \[1, 1, 4, 4\]"),
        (torch.full((1, 4, 4), 3), ValueError, "labels must be 0 to 2, or 255 where unknown; found 3"),
        (torch.full((1, 4, 4), -1), ValueError, "labels must be 0 to 2, or 255 where unknown; found -1"),
    ],
)
def test_what_is_no_label_map_is_named(labels: Tensor, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_labels(labels, 3, (1, 4, 4))
