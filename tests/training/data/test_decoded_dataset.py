from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bench.errors import DataError, Failure
from bench.training import decode_ahead
from bench.vocabulary import Sample
from tests.training.toys import Squares


def nothing(_: int) -> None:
    """Nobody watches."""


@pytest.mark.parametrize("labelled", [True, False])
def test_decoded_samples_are_the_datasets_and_are_decoded_once(
    tmp_path: Path, labelled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    squares, counts = Squares(40, labelled=labelled), list[int]()
    decoded = decode_ahead(squares, tmp_path, 1 + labelled, counts.append)
    assert sum(counts) == len(decoded) == 40
    assert (decoded.name, decoded.revision, decoded.classes) == (squares.name, squares.revision, squares.classes)
    for one, other in zip(decoded, squares, strict=True):
        assert one.id == other.id
        assert np.array_equal(one.image, other.image)
        assert (one.labels is None) == (other.labels is None)
        assert one.labels is None or other.labels is None or np.array_equal(one.labels, other.labels)
    monkeypatch.setattr(Squares, "__getitem__", None)
    again = decode_ahead(squares, tmp_path, 2, counts.append)
    assert np.array_equal(again[39].image, decoded[39].image)
    assert sum(counts) == 40


class Uneven(Squares):
    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        return sample if index < 5 else Sample(sample.id, sample.image[:-1], sample.labels)


def test_pictures_of_several_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sample '005' must be of the size and kind of the first one; found 19x20x3"):
        decode_ahead(Uneven(6), tmp_path, 1, nothing)


def test_a_full_disk_is_noticed_before_anything_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(Failure, match=r"No space left on device.*Make room"):
        decode_ahead(Squares(3), tmp_path, 1, nothing)
