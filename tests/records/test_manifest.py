from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.records.manifest import MOST_FILES, Manifest


def manifest(pictures: int, shard_size: int = 16) -> Manifest:
    ids = tuple(f"p{index}" for index in range(pictures))
    return Manifest("code", ids, ids, shard_size, (), {})


@given(st.integers(0, 40_000), st.integers(1, 20))
def test_files_hold_all_pictures_in_order_in_whole_shards(pictures: int, shard_size: int) -> None:
    of_run = manifest(pictures, shard_size)

    files = of_run.files()

    assert tuple(name for file in files for name in file) == of_run.samples
    assert len(files) <= MOST_FILES
    assert all(len(file) % shard_size == 0 for file in files[:-1])


@pytest.mark.parametrize(("pictures", "of_a_file"), [(15, 15), (16_000, 16), (16_001, 32), (200_000, 208)])
def test_only_cells_of_many_pictures_put_several_shards_in_a_file(pictures: int, of_a_file: int) -> None:
    files = manifest(pictures).files()

    assert len(files[0]) == of_a_file
    assert (files == manifest(pictures).shards()) == (of_a_file <= 16)
