from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from bench.data import Cached
from bench.data.streets import CLASSES, OBJECTS, Streets
from bench.data.streets.canvas import Canvas
from bench.data.streets.dataset import VERSION
from bench.data.streets.layout import paint
from bench.data.streets.randomness import Stream
from bench.errors import NotApplicable, UnknownName, UsageError
from bench.removal import RemovedObject, RemovesObjects
from bench.vocabulary import Sample, Truth

if TYPE_CHECKING:
    from bench.vocabulary import Hole, LabelMap

SIZE = (64, 64)
SKY, POLE, ROAD, PAVEMENT, TREE, SIGN, CAR = (
    CLASSES.index(name) for name in ("sky", "pole", "road", "pavement", "tree", "sign", "car")
)


@pytest.fixture(scope="module")
def streets() -> Streets:
    return Streets("test", SIZE)


def labels_of(picture: Sample | Truth) -> LabelMap:
    assert picture.labels is not None
    return picture.labels


def masks_of(removed: RemovedObject) -> tuple[Truth, Hole, Hole]:
    assert removed.truth is not None
    assert removed.pixels is not None
    assert removed.effects is not None
    return removed.truth, removed.pixels, removed.effects


def components(labels: LabelMap, label: int) -> list[Hole]:
    numbered, count = ndimage.label(labels == label, np.ones((3, 3)))
    return [numbered == number for number in range(1, count + 1)]


@given(st.integers(0, 999), st.sampled_from(OBJECTS), st.integers(0, 2**16))
@example(384, 9, 1)  # a shadow touches a pole
@example(383, 9, 2)  # a pedestrian stands behind the removed one
@settings(deadline=None, max_examples=10)
def test_only_what_the_effects_say_changes(streets: Streets, index: int, label: int, pick: int) -> None:
    sample = streets[index]
    objects = components(labels_of(sample), label)
    if not objects:
        return
    region = objects[pick % len(objects)]
    try:
        removed = streets.without(sample.id, region)
    except NotApplicable:
        assert label == TREE  # a lawn
        return
    truth, pixels, effects = masks_of(removed)
    before, after = labels_of(sample), labels_of(truth)
    ground = np.isin(before, (ROAD, PAVEMENT, TREE)) | np.isin(after, (ROAD, PAVEMENT, TREE))

    assert removed.label == label
    assert truth.image.shape == sample.image.shape
    assert np.array_equal(truth.image[~effects], sample.image[~effects])
    assert np.array_equal(after[~pixels], before[~pixels])
    assert not (pixels & ~effects).any()
    assert (truth.image != sample.image).any(axis=2)[effects & ~pixels].all()
    shadows = ndimage.binary_dilation(ground, np.ones((3, 3), np.bool_))[effects & ~pixels]
    assert (~shadows).sum() <= max(2, 0.2 * shadows.size)  # nearly all of a shadow lies on the ground
    assert label == TREE or pixels[region].all()
    assert label == TREE or (after[region] == label).mean() < 0.2  # what stood behind may be of the same class


@pytest.mark.parametrize("index", range(3))
def test_without_a_class_no_pixel_has_it(streets: Streets, index: int) -> None:
    sample = streets[index]
    for label in OBJECTS:
        region = labels_of(sample) == label
        if region.any():
            truth, pixels, _ = masks_of(streets.without(sample.id, region))

            assert label == TREE or not (labels_of(truth) == label).any()
            assert pixels[region].mean() > 0.5


def test_a_scene_without_nothing_is_the_scene(streets: Streets) -> None:
    image, labels = paint(Stream("streets", VERSION, 20500), *SIZE, frozenset({10**6})).resolve()

    assert np.array_equal(image, streets[0].image)
    assert np.array_equal(labels, labels_of(streets[0]))


def test_a_thing_shows_where_it_gives_a_pixel_its_label() -> None:
    canvas = Canvas(1, 2)
    for left, right in ((-1.0, 1.0), (-1.0, 0.5), (-1.0, 0.75)):  # the last one hides the second
        with canvas.thing():
            canvas.plain([(left, 0), (right, 0), (right, 1), (left, 1)], CAR, (0.5, 0.5, 0.5))
    with canvas.thing():
        canvas.plain([(-1, 0), (-0.5, 0), (-0.5, 0.5), (-1, 0.5)], SIGN, (0.5, 0.5, 0.5))

    assert canvas.things() == {1, 3}
    assert canvas.things(np.array([[True, False]])) == {3}
    assert canvas.shows({1}).tolist() == [[False, True]]
    assert canvas.shows({4}).tolist() == [[True, False]]  # one subsample of four
    assert not canvas.shows({2}).any()


@pytest.mark.parametrize("index", [10, 14])
def test_parts_that_something_cuts_off_go_with_the_rest(streets: Streets, index: int) -> None:
    sample = streets[index]
    beyond = []
    for region in components(labels_of(sample), CAR):
        _, pixels, _ = masks_of(streets.without(sample.id, region))
        beyond.append(int((pixels & (labels_of(sample) == CAR) & ~region).sum()))

    assert max(beyond) > 15


def test_a_sign_goes_with_its_post(streets: Streets) -> None:
    sample = streets[5]
    truth, pixels, _ = masks_of(streets.without(sample.id, labels_of(sample) == SIGN))
    posts = labels_of(sample) == POLE
    by_its_post = streets.without(sample.id, pixels & posts)

    assert 20 < (pixels & posts).sum() < posts.sum()  # lamp posts stay
    assert by_its_post.label == SIGN
    assert not (labels_of(truth) == SIGN).any()


def test_shadows_go_with_their_things(streets: Streets) -> None:
    shares = []
    for index in (3, 9, 10, 11):
        region = labels_of(streets[index]) == CAR
        if region.any():
            _, pixels, effects = masks_of(streets.without(streets.ids[index], region))
            shares.append((effects & ~pixels).sum() / pixels.sum())

    assert np.mean(shares) > 0.05
    assert max(shares) < 3


def test_nothing_countable_is_not_applicable(streets: Streets) -> None:
    with pytest.raises(NotApplicable, match="nothing countable"):
        streets.without("test-000000", labels_of(streets[0]) == SKY)


def test_what_cannot_be_asked_for_is_refused(streets: Streets) -> None:
    everywhere = np.ones(SIZE, np.bool_)
    with pytest.raises(UnknownName, match="sample of streets 'test-001000'"):
        streets.without("test-001000", everywhere)
    for region in (np.ones((64, 63), np.bool_), everywhere.astype(np.uint8)):
        with pytest.raises(UsageError, match=r"region of sample 'test-000000' must be a boolean map of 64x64"):
            streets.without("test-000000", region)  # type: ignore[arg-type]


def test_limited_whole_and_cached_sets_give_the_same_scene(streets: Streets) -> None:
    limited = Streets("test", SIZE, 4)
    region = labels_of(limited[1]) == CAR
    expected, *masks = masks_of(streets.without("test-000250", region))
    for dataset in (limited, limited.whole, Cached(limited), Cached(limited).whole):
        assert isinstance(dataset, RemovesObjects)
        truth, *own = masks_of(dataset.without("test-000250", region))
        assert np.array_equal(truth.image, expected.image)
        assert all(np.array_equal(a, b) for a, b in zip(own, masks, strict=True))
