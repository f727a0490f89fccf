from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import bench.data
import bench.masks
from bench.errors import NotApplicable, UsageError
from bench.removal import RemovedObject, Removing
from bench.vocabulary import VOID, Dataset, Protocol, Sample, Truth

CAR, PERSON, ROAD = 1, 2, 0
ANOTHER, OWN = bench.masks.get("object"), bench.masks.get("object-removal")


@dataclass
class Pictures:
    samples: Sequence[Sample]
    objects: tuple[int, ...] = (CAR, PERSON)
    name: str = "pictures"
    revision: str = "0" * 64
    classes: tuple[str, ...] = ("road", "car", "person")
    asked: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [sample.id for sample in self.samples]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        self.asked.append(self.samples[index].id)
        return self.samples[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)


def picture(name: str, labels: np.ndarray | None, size: tuple[int, int] = (64, 64)) -> Sample:
    return Sample(name, np.zeros((*size, 3), np.uint8), labels)


def road() -> np.ndarray:
    return np.full((64, 64), ROAD, np.uint8)


def with_box(top: int, left: int, height: int = 16, width: int = 16, value: int = CAR) -> np.ndarray:
    labels = road()
    labels[top : top + height, left : left + width] = value
    return labels


def test_the_silhouette_is_one_object_of_another_picture_where_it_lies() -> None:
    samples = [picture(f"p{index}", with_box(5 * index, 40 - 5 * index)) for index in range(6)]
    silhouettes = {sample.id: sample.labels == CAR for sample in samples}
    seen = set()
    for sample in samples:
        for seed in range(60):
            hole = ANOTHER.hole(sample, seed, Pictures(samples))
            donors = [name for name, silhouette in silhouettes.items() if np.array_equal(hole, silhouette)]

            assert len(donors) == 1
            assert donors != [sample.id]
            seen.add((sample.id, donors[0]))
    assert len(seen) == 6 * 5  # every other picture is a donor at some seed


def test_the_next_donor_is_asked_when_one_has_no_fitting_object() -> None:
    samples = [picture(f"p{index}", road()) for index in range(8)]
    samples[5] = picture("p5", with_box(8, 8))
    samples[6] = picture("p6", None)
    for seed in range(10):
        dataset = Pictures(samples)

        assert np.array_equal(ANOTHER.hole(samples[0], seed, dataset), with_box(8, 8) == CAR)
        assert len(dataset.asked) == len(set(dataset.asked)) <= 7
        assert samples[0].id not in dataset.asked


def test_objects_are_8_connected_components_of_one_class() -> None:
    labels = with_box(0, 0) + with_box(16, 16)  # they touch at a corner: one component
    labels += with_box(32, 32, value=PERSON)  # touches at a corner, too, and is of another class
    samples = [picture("own", road()), picture("donor", labels)]
    holes = {ANOTHER.hole(samples[0], seed, Pictures(samples)).tobytes() for seed in range(20)}

    assert holes == {(labels == CAR).tobytes(), (labels == PERSON).tobytes()}


@pytest.mark.parametrize(
    ("height", "width", "fits"), [(9, 9, False), (9, 10, True), (24, 51, True), (25, 50, False), (64, 64, False)]
)
def test_objects_have_2_to_30_percent_of_the_area(height: int, width: int, *, fits: bool) -> None:
    labels = with_box(0, 0, height, width)
    if fits:
        assert np.array_equal(bench.masks.draw("object", height=64, width=64, key="a", labels=labels), labels == CAR)
    else:
        with pytest.raises(UsageError, match="no object of 2 % to 30 %"):
            ANOTHER.hole(picture("a", road()), 0, Pictures([picture("b", labels)]))
        with pytest.raises(NotApplicable):
            OWN.hole(picture("b", labels), 0, Pictures([picture("b", labels)]))


def test_ground_and_void_are_no_objects() -> None:
    labels = with_box(0, 0, value=VOID) + with_box(30, 30, value=PERSON)

    hole = bench.masks.draw("object", height=64, width=64, key="a", labels=np.where(labels == ROAD, VOID, labels))

    assert np.array_equal(hole, labels == PERSON)


def test_a_donor_of_another_size_is_resized() -> None:
    labels = np.kron(with_box(16, 16), np.ones((2, 3), np.uint8))
    samples = [picture("a", road()), picture("b", labels, labels.shape)]

    assert np.array_equal(ANOTHER.hole(samples[0], 0, Pictures(samples)), with_box(16, 16) == CAR)


@pytest.mark.parametrize(
    ("dataset", "found"),
    [
        (Pictures([picture("a", with_box(0, 0))]), "'a' alone.*two pictures or more"),
        (Pictures([]), "'a' alone"),
        (Pictures([picture("b", None), picture("c", None)]), "in any other picture"),
        (Pictures([picture("b", with_box(0, 0))], objects=()), "found none"),
    ],
)
def test_a_set_without_donors_is_an_error(dataset: Pictures, found: str) -> None:
    with pytest.raises(UsageError, match=f"dataset 'pictures' under protocol 'object@2'.*{found}"):
        ANOTHER.hole(picture("a", with_box(0, 0)), 0, dataset)


@dataclass
class FirstPictures(Pictures):
    """The first few samples of a split, which they can be asked for."""

    whole: Pictures = field(default_factory=lambda: Pictures([]))


def test_a_limit_does_not_move_the_hole() -> None:
    split = Pictures([picture(f"p{index}", with_box(2 * index, 40 - 2 * index)) for index in range(20)])
    for seed in range(10):
        holes = [ANOTHER.hole(split[0], seed, FirstPictures(split.samples[:limit], whole=split)) for limit in (1, 4)]

        assert all(np.array_equal(hole, ANOTHER.hole(split[0], seed, split)) for hole in holes)


def test_the_hole_of_a_data_set_by_name_is_the_same_at_every_limit() -> None:
    pictures = {limit: bench.data.load("streets", size=(48, 64), limit=limit) for limit in (1, 4, 12, None)}
    holes = [
        ANOTHER.hole(dataset[index], 0, dataset)
        for dataset, index in ((pictures[4], 1), (pictures[12], 3), (pictures[None], 250))
    ]

    assert pictures[None].ids[250] == pictures[4].ids[1] == pictures[12].ids[3] == "test-000250"
    assert all(np.array_equal(hole, holes[0]) for hole in holes)
    assert np.array_equal(
        ANOTHER.hole(pictures[1][0], 0, bench.data.Cached(pictures[1])), ANOTHER.hole(pictures[12][0], 0, pictures[12])
    )


def test_the_first_version_takes_donors_within_the_limit() -> None:
    split = Pictures([picture(f"p{index}", with_box(2 * index, 40 - 2 * index)) for index in range(20)])
    first = FirstPictures(split.samples[:3], whole=split)
    donors = [np.asarray(sample.labels == CAR).tobytes() for sample in split.samples[1:3]]

    assert {bench.masks.get("object@1").hole(split[0], seed, first).tobytes() for seed in range(20)} == {*donors}


def test_removal_takes_the_own_object_and_5_pixels_around_it() -> None:
    labels = np.kron(with_box(20, 30), np.ones((4, 4), np.uint8))
    y, x = np.mgrid[-5:6, -5:6]

    hole = OWN.hole(picture("a", labels, (256, 256)), 0, Pictures([]))

    assert np.array_equal(hole, ndimage.binary_dilation(labels == CAR, y * y + x * x <= 25))


def test_removal_picks_one_of_several_objects() -> None:
    labels = with_box(0, 0) + with_box(40, 40)
    sample = picture("a", labels)
    counts = {int(np.count_nonzero(OWN.hole(sample, seed, Pictures([])) & (labels == CAR))) for seed in range(10)}
    places = {bool(OWN.hole(sample, seed, Pictures([]))[0, 0]) for seed in range(20)}

    assert counts == {256}
    assert places == {True, False}


@pytest.mark.parametrize("labels", [road(), with_box(0, 0, 3, 3)])
def test_removal_has_no_hole_without_an_object(labels: np.ndarray) -> None:
    with pytest.raises(NotApplicable, match="no object"):
        OWN.hole(picture("a", labels), 0, Pictures([picture("b", with_box(0, 0))]))


@pytest.mark.parametrize(("labels", "objects"), [(None, (CAR,)), (with_box(0, 0), ())])
def test_removal_needs_labels(labels: np.ndarray | None, objects: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="object-removal@1' must have pictures with labelled objects"):
        OWN.hole(picture("a", labels), 0, Pictures([], objects))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(32, 300), st.integers(32, 300), st.integers(0, 2**32 - 1), st.sampled_from(["object", "object-removal"])
)
def test_any_size_gives_a_hole(height: int, width: int, seed: int, name: str) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(height, width)), min(height, width) / 12)
    labels = np.digitize(noise / noise.std(), [-0.5, 0.0, 0.5, 1.0]).astype(np.uint8)
    components = [ndimage.label(labels == value, np.ones((3, 3)))[0] for value in range(5)]
    shares = np.concatenate([np.bincount(numbered.ravel())[1:] for numbered in components]) / labels.size
    if not ((shares >= 0.02) & (shares < 0.3)).any():
        with pytest.raises((NotApplicable, UsageError), match="no object of 2 % to 30 %"):
            bench.masks.draw(name, height=height, width=width, key="a", seed=seed, labels=labels)
        return
    hole = bench.masks.draw(name, height=height, width=width, key="a", seed=seed, labels=labels)

    assert hole.shape == (height, width)
    assert 0.02 <= hole.mean() < 1.0
    assert ndimage.label(hole, np.ones((3, 3)))[1] == 1


SWEEP = ("object-removal-0", "object-removal-5", "object-removal-10", "object-removal-20")


def test_a_wider_margin_is_around_the_same_object() -> None:
    labels = np.kron(with_box(8, 8, 12, 12) + with_box(36, 36, 14, 14), np.ones((4, 4), np.uint8))
    sample = picture("a", labels, (256, 256))
    for seed in range(8):
        holes = [bench.masks.get(name).hole(sample, seed, Pictures([])) for name in SWEEP]
        distance = ndimage.distance_transform_edt(~holes[0])

        for hole, margin in zip(holes, (0, 5, 10, 20), strict=True):
            assert np.array_equal(hole, distance <= margin)
        assert np.array_equal(holes[1], OWN.hole(sample, seed, Pictures([])))
        assert np.array_equal(bench.masks.get("object-outside").hole(sample, seed, Pictures([])), ~holes[0])


def test_what_is_removed_is_the_object_of_the_hole() -> None:
    labels = with_box(0, 0) + with_box(40, 40, value=PERSON)
    for name in (*SWEEP, "object-removal"):
        protocol = bench.masks.get(name)
        for seed in range(4):
            removed = removed_by(protocol, picture("a", labels), seed, Pictures([]))

            assert removed.pixels is not None
            assert removed.label == labels[removed.pixels][0]
            assert np.array_equal(removed.pixels, labels == removed.label)
            assert not (removed.pixels & ~protocol.hole(picture("a", labels), seed, Pictures([]))).any()
            assert removed.truth is None
            assert removed.effects is None


def test_an_object_that_the_truth_still_shows_is_passed_over() -> None:
    labels = with_box(0, 0) + with_box(40, 40, value=PERSON)
    image = np.zeros((64, 64, 3), np.uint8)
    changed = image.copy()
    changed[labels == PERSON] = 9
    for truth in (Truth(image, with_box(0, 0)), Truth(changed)):
        sample = Sample("a", image, labels, truth=truth)
        for seed in range(6):
            removed = removed_by(bench.masks.get("object-removal-0"), sample, seed, Pictures([]))

            assert removed.truth is truth
            assert removed.label == PERSON
    unchanged = Sample("a", image, labels, truth=Truth(image))
    with pytest.raises(NotApplicable, match="that can be removed"):
        bench.masks.get("object-removal-5").hole(unchanged, 0, Pictures([]))


@pytest.mark.parametrize("name", SWEEP)
@pytest.mark.parametrize(("labels", "found"), [(None, "'a' without labels"), (with_box(0, 0), "no class of countable")])
def test_pictures_without_objects_are_refused_with_a_way_out(labels: np.ndarray | None, found: str, name: str) -> None:
    objects = () if labels is not None else (CAR,)
    with pytest.raises(
        UsageError, match=rf"'{name}@1' must have pictures with labelled objects; found {found}.*files:"
    ):
        bench.masks.get(name).hole(picture("a", labels), 0, Pictures([], objects))


def test_shadows_must_be_known_to_be_hidden() -> None:
    with pytest.raises(UsageError, match=r"'pictures' under protocol 'object-and-shadow-removal@1' must know.*streets"):
        bench.masks.get("object-and-shadow-removal").hole(picture("a", with_box(0, 0)), 0, Pictures([]))


@pytest.mark.parametrize("index", range(6))
def test_holes_of_streets_cover_all_that_goes(index: int) -> None:
    streets = bench.data.Cached(bench.data.load("streets", size=(64, 64), limit=6))
    sample, marks = streets[index], {}
    try:
        for name in (*SWEEP, "object-and-shadow-removal"):
            marks[name] = bench.masks.get(name).hole(sample, 0, streets)
    except NotApplicable:
        pytest.skip("no fitting object")
    removed = removed_by(bench.masks.get("object-removal-10"), sample, 0, streets)

    assert removed.truth is not None
    assert removed.pixels is not None
    assert removed.effects is not None
    assert np.array_equal(marks["object-removal-0"], removed.pixels)
    assert not (removed.effects & ~marks["object-and-shadow-removal"]).any()
    for less, more in itertools.pairwise(SWEEP):
        assert not (marks[less] & ~marks[more]).any()
    left = marks["object-and-shadow-removal"][..., None]
    assert np.array_equal(np.where(left, removed.truth.image, sample.image), removed.truth.image)


def test_a_lawn_is_no_object_to_remove() -> None:
    streets = NothingCountable([picture("a", with_box(0, 0))])

    assert OWN.hole(streets[0], 0, streets).any()
    for name in ("object-removal", *SWEEP):
        with pytest.raises(NotApplicable):
            removed_by(bench.masks.get(name), streets[0], 0, streets)


class NothingCountable(Pictures):
    """Pictures whose labelled regions are no things."""

    def without(self, sample_id: str, region: np.ndarray) -> RemovedObject:
        raise NotApplicable(f"{sample_id}: {np.count_nonzero(region)} pixels of lawn")


def removed_by(protocol: Protocol, sample: Sample, seed: int, dataset: Dataset) -> RemovedObject:
    assert isinstance(protocol, Removing)
    assert protocol.task == "removal"
    return protocol.removed(sample, seed, dataset)
