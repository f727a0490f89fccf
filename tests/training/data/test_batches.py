from __future__ import annotations

from dataclasses import replace
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import bench.masks
from bench.errors import DataError, NotApplicable
from bench.runtime.prefetch import Prefetcher
from bench.training import TrainingBatch
from bench.training.data.batches import BatchMaker, HostBatch
from bench.training.data.sampling import sample_index
from bench.vocabulary import VOID, Dataset, Sample
from tests.training.toys import Squares

if TYPE_CHECKING:
    from bench.vocabulary import Hole


def maker(count: int = 7, **changes: Any) -> BatchMaker:
    made = BatchMaker(Squares(count), bench.masks.get("spg-random"), (16, 16), batch_size=4, seed=3, stage="one")
    return replace(made, **changes)


def same(one: HostBatch, other: HostBatch) -> bool:
    arrays = (one.image, other.image), (one.hole, other.hole), (one.labels, other.labels)
    return one.ids == other.ids and all(np.array_equal(a, b) for a, b in arrays if a is not None and b is not None)


@given(st.integers(1, 40), st.integers(0, 5), st.integers(0, 2**40))
def test_every_epoch_is_a_permutation(count: int, epoch: int, seed: int) -> None:
    places = [sample_index(epoch * count + index, count, seed, "stage") for index in range(count)]
    assert sorted(places) == list(range(count))


def test_epochs_seeds_and_stages_have_their_own_order() -> None:
    def order(seed: int, stage: str, epoch: int) -> list[int]:
        return [sample_index(epoch * 50 + index, 50, seed, stage) for index in range(50)]

    orders = [order(0, "a", 0), order(0, "a", 1), order(1, "a", 0), order(0, "b", 0)]
    assert len({tuple(places) for places in orders}) == 4


def test_a_batch_depends_on_seed_stage_and_step_alone() -> None:
    assert same(maker()(5), maker()(5))
    assert not same(maker()(5), maker()(6))
    assert not np.array_equal(maker()(5).image, maker(seed=4)(5).image)
    assert not np.array_equal(maker()(5).image, maker(stage="two")(5).image)


def test_jitter_changes_the_light_and_nothing_else() -> None:
    plain, lit = maker()(5), maker(jitter=0.3)(5)
    assert same(replace(plain, image=lit.image), lit)
    assert same(lit, maker(jitter=0.3)(5))
    for before, after in zip(plain.image, lit.image, strict=True):
        assert not np.array_equal(before, after)
        for channel in range(3):  # brighter stays brighter, whatever was done
            order = np.argsort(before[..., channel].ravel(), kind="stable")
            assert (np.diff(after[..., channel].ravel()[order].astype(int)) >= 0).all()


def test_jitter_leaves_validation_alone() -> None:
    assert same(maker(augment=False)(0), maker(augment=False, jitter=0.9)(0))


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches_are_the_same_from_any_workers(workers: int) -> None:
    loader = Prefetcher(maker(), count(2), workers)
    try:
        made = list(islice(loader, 5))
    finally:
        loader.close()
    assert all(same(batch, maker()(2 + index)) for index, batch in enumerate(made))
    assert loader.waited > 0


def test_processes_share_a_batch_without_overlap() -> None:
    whole = maker()(2)
    parts = [maker(rank=rank, world_size=2)(2) for rank in range(2)]
    assert np.array_equal(np.concatenate([part.image for part in parts]), whole.image)
    assert np.array_equal(np.concatenate([part.hole for part in parts]), whole.hole)


def test_labels_are_cropped_and_mirrored_with_their_picture() -> None:
    for step in range(6):
        batch = maker(max_scale=1.0)(step)  # no resizing: colours stay exact
        assert batch.labels is not None
        for image, labels in zip(batch.image, batch.labels, strict=True):
            for label in (0, 1):
                assert len(np.unique(image[labels == label], axis=0)) <= 1


def test_augmentation_mirrors_and_moves() -> None:
    images = {maker(1, max_scale=1.25)(step).image[0].tobytes() for step in range(20)}
    assert len(images) > 10


def test_holes_change_with_every_step_but_not_in_validation() -> None:
    assert len({maker(1)(step).hole[0].tobytes() for step in range(10)}) > 5
    fixed = maker(1, augment=False)
    assert same(fixed(0), fixed(0))
    assert fixed(0).ids == ("000",)


def test_validation_takes_every_picture_once() -> None:
    fixed = maker(7, augment=False)
    assert fixed(0).ids + fixed(1).ids == Squares(7).ids
    assert fixed(1).image.shape == (3, 16, 16, 3)


class Nowhere:
    """A protocol that never finds anything to cut."""

    name, needs_labels = "nowhere@1", False

    def hole(self, sample: Sample, seed: int, dataset: Dataset) -> Hole:
        raise NotApplicable(sample.id, seed, dataset.name)


def test_where_the_protocol_has_no_hole_a_block_is_cut() -> None:
    batch = maker(protocol=Nowhere())(0)
    assert batch.hole.any(axis=(1, 2)).all()


def test_the_hole_is_hidden_from_pictures_and_labels() -> None:
    batch = TrainingBatch.on(torch.device("cpu"), maker()(0))
    assert batch.image.shape == (4, 3, 16, 16)
    assert 0 <= batch.image.min() <= batch.image.max() <= 1
    assert (batch.hidden.masked_select(batch.hole) == 0).all()
    assert torch.equal(batch.hidden.masked_select(~batch.hole), batch.image.masked_select(~batch.hole))
    assert batch.hidden_labels is not None
    assert (batch.hidden_labels[batch.hole[:, 0]] == VOID).all()


def test_unlabelled_pictures_are_refused_where_labels_are_needed() -> None:
    unlabelled = Squares(3, labelled=False)
    with pytest.raises(DataError, match=r"data set 'squares' must have a label map"):
        maker(dataset=unlabelled)(0)
    assert maker(dataset=unlabelled, with_labels=False)(0).labels is None


def test_a_picture_smaller_than_the_crop_is_refused() -> None:
    with pytest.raises(DataError, match="must be at least 16x16; found 12x12"):
        maker(dataset=Squares(3, side=12))(0)
