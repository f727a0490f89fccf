from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bench.models.any_size import fill_at_any_size

SIDES = st.integers(1, 40)


class Recorder:
    """Returns the picture and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Tensor, Tensor, Tensor | None]] = []

    def __call__(self, image: Tensor, hole: Tensor, labels: Tensor | None) -> Tensor:
        self.asked.append((image, hole, labels))
        return image


def _ask(height: int, width: int, **limits: object) -> tuple[Recorder, Tensor, Tensor]:
    image = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(height * 100 + width))
    recorder = Recorder()
    filled = fill_at_any_size(recorder, image, image[:, :1] > 0.5, image[:, 0].mul(9).to(torch.uint8), **limits)  # type: ignore[arg-type]
    return recorder, image, filled


@given(SIDES, SIDES, st.integers(1, 16))
def test_padding_is_numpys_symmetric_and_undone(height: int, width: int, multiple: int) -> None:
    recorder, image, filled = _ask(height, width, multiple=multiple)

    ((padded, hole, labels),) = recorder.asked
    pads = [(0, -side % multiple) for side in (height, width)]
    expected = np.pad(image.numpy(), [(0, 0), (0, 0), *pads], mode="symmetric")
    assert np.array_equal(padded.numpy(), expected)
    assert torch.equal(hole, padded[:, :1] > 0.5)
    assert labels is not None
    assert torch.equal(labels, padded[:, 0].mul(9).to(torch.uint8))
    assert torch.equal(filled, image)


@given(SIDES, SIDES, st.integers(3, 17), st.integers(3, 17))
def test_tiles_have_the_size_and_give_the_picture_back(height: int, width: int, tall: int, wide: int) -> None:
    recorder, image, filled = _ask(height, width, size=(tall, wide))

    assert all(tuple(tile.shape[-2:]) == (tall, wide) for tile, _, _ in recorder.asked)
    assert all(hole.shape[-2:] == tile.shape[-2:] for tile, hole, _ in recorder.asked)
    torch.testing.assert_close(filled, image, rtol=0, atol=1e-6)


def test_tiles_overlap_by_a_quarter_at_least_and_are_as_few_as_can_be() -> None:
    recorder = Recorder()
    where = torch.arange(1024.0).expand(1, 3, 256, 1024)

    fill_at_any_size(recorder, where, where[:, :1] > 0, size=(256, 256))

    starts = [int(tile[0, 0, 0, 0]) for tile, _, _ in recorder.asked]
    assert starts == [0, 192, 384, 576, 768]


def test_seams_rise_from_one_tile_to_the_next() -> None:
    levels = iter((0.0, 1.0))

    filled = fill_at_any_size(
        lambda image, *_: torch.full_like(image, next(levels)),
        torch.rand(1, 3, 64, 112),
        torch.ones(1, 1, 64, 112, dtype=torch.bool),
        size=(64, 64),
    )

    row = filled[0, 0, 30]
    assert row[:48].eq(0).all()
    assert row[64:].eq(1).all()
    assert torch.diff(row).min() >= 0
    assert torch.diff(row).max() <= 1.5 / 16


@pytest.mark.parametrize("limits", [{}, {"multiple": 8}, {"size": (16, 24)}])
def test_a_picture_that_fits_is_passed_on_as_it_is(limits: dict[str, object]) -> None:
    recorder, image, filled = _ask(16, 24, **limits)

    assert recorder.asked[0][0] is not None
    assert torch.equal(recorder.asked[0][0], image)
    assert torch.equal(filled, image)
    assert len(recorder.asked) == 1
