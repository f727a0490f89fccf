"""Distortions change the hole alone, by as much as their grade says, and not at all at grade 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage
from skimage.color import rgb2lab

import bench.data
from bench.audit.catalogue import distortions
from bench.audit.distortion import Distortion, Scene
from bench.audit.painting import displaced
from bench.audit.redraw import DRAWS, redrawn
from bench.audit.states import REDRAWN, AuditedPicture, states_of
from bench.errors import NotApplicable
from bench.evaluation.masked_samples import MaskedSample
from bench.removal import RemovedObject
from bench.vocabulary import Dataset, Sample, Truth

BY_NAME = {one.name: one for one in distortions()}


@pytest.fixture(scope="module")
def streets() -> Dataset:
    return bench.data.Cached(bench.data.load("streets", size=(64, 64), limit=3))


def _hole(shape: tuple[int, int]) -> np.ndarray:
    hole = np.zeros(shape, bool)
    hole[shape[0] // 4 : 3 * shape[0] // 4, shape[1] // 4 : 3 * shape[1] // 4] = True
    return hole


def _scene(sample: Sample, dataset: Dataset) -> Scene:
    """The truth itself is distorted, so that what a distortion does can be measured."""
    return Scene(sample, sample.image, _hole(sample.image.shape[:2]), 0, dataset, (0, 1), lambda picture: picture)


def _grey(dataset: Dataset) -> Scene:
    """Colours that no distortion clips."""
    return _scene(Sample("test-000000", np.full((64, 64, 3), 120, np.uint8)), dataset)


@pytest.mark.parametrize("distortion", distortions(), ids=lambda one: one.name)
def test_grade_0_is_the_truth_and_stronger_grades_change_more_of_the_hole_alone(
    distortion: Distortion, streets: Dataset
) -> None:
    for sample in streets:
        scene = _scene(sample, streets)
        changes = []
        for grade in (0.0, *distortion.grades):
            fill = distortion.apply(scene, grade)
            assert fill.dtype == np.uint8
            assert fill.shape == sample.image.shape
            difference = np.abs(fill.astype(int) - sample.image)[scene.hole]
            changes.append(float((difference**2).mean()))

        assert changes[0] == 0
        assert changes[1] > 0
        assert changes[-1] > changes[1]

    states = states_of(AuditedPicture("a", MaskedSample(sample, scene.hole), sample), streets, 0, [distortion])
    for picture in states.values():
        assert not isinstance(picture, str)
        np.testing.assert_array_equal(picture[~scene.hole], sample.image[~scene.hole])


def test_blur_takes_detail_away(streets: Dataset) -> None:
    scene = _scene(streets[0], streets)
    detail = [
        float(ndimage.laplace(BY_NAME["blur"].apply(scene, grade).astype(float)).std())
        for grade in (0.0, *BY_NAME["blur"].grades)
    ]

    assert detail == sorted(detail, reverse=True)


def test_shift_moves_by_its_pixels_and_away_from_the_truth(streets: Dataset) -> None:
    scene = _scene(streets[0], streets)

    for grade in BY_NAME["shift"].grades:
        moved = BY_NAME["shift"].apply(scene, grade)
        np.testing.assert_array_equal(moved[:, int(grade) :], scene.image[:, : -int(grade)])


def test_noise_has_its_deviation(streets: Dataset) -> None:
    scene = _grey(streets)

    for grade in BY_NAME["noise"].grades:
        noise = BY_NAME["noise"].apply(scene, grade).astype(float) - 120
        assert noise.std() == pytest.approx(grade, rel=0.05)
        assert abs(noise.mean()) < 0.05 * grade


@pytest.mark.parametrize(("name", "axes"), [("colour-cast", (1, 2)), ("seam", (0,))])
def test_colours_move_by_their_distance_in_lab(name: str, axes: tuple[int, ...], streets: Dataset) -> None:
    scene = _grey(streets)
    rim = scene.hole & ~ndimage.binary_erosion(scene.hole)

    for grade in BY_NAME[name].grades:
        offset = rgb2lab(BY_NAME[name].apply(scene, grade)) - rgb2lab(scene.image)
        distance = np.linalg.norm(offset[rim], axis=-1)
        assert distance == pytest.approx(grade, abs=0.6)
        others = [axis for axis in range(3) if axis not in axes]
        assert np.abs(offset[rim][:, others]).max() < 0.6


def test_a_seam_fades_inwards(streets: Dataset) -> None:
    scene = _grey(streets)
    row = BY_NAME["seam"].apply(scene, 20.0)[32, 16:32].astype(int).mean(axis=-1) - 120

    assert row[0] > 30
    assert (np.diff(row) <= 0).all()
    assert row[-1] < 1
    with pytest.raises(NotApplicable):
        BY_NAME["seam"].apply(replace(scene, hole=np.ones_like(scene.hole)), 20.0)


@pytest.mark.parametrize("name", ["copy-paste", "wrong-class"])
def test_a_larger_share_holds_a_smaller_one(name: str, streets: Dataset) -> None:
    scene = _scene(streets[1], streets)
    changed = [
        (BY_NAME[name].apply(scene, grade) != scene.image).any(axis=-1) & scene.hole for grade in BY_NAME[name].grades
    ]

    for grade, part in zip(BY_NAME[name].grades, changed, strict=True):
        assert 0.7 * grade < part.sum() / scene.hole.sum() <= grade + 0.01
    for smaller, larger in pairwise(changed):
        assert not (smaller & ~larger).any()


def test_texture_of_another_class_comes_from_outside_the_hole(picture_folder: Callable[..., object]) -> None:
    labels = np.zeros((64, 64), np.uint8)
    labels[:12] = 1
    image = np.where(labels[..., None] == 1, np.uint8(200), np.uint8(50)).repeat(3, axis=2)
    dataset = bench.data.load("folder", size=(48, 48), root=str(picture_folder(1)))
    scene = _scene(Sample("a", image, labels), dataset)
    filled = BY_NAME["wrong-class"].apply(scene, 0.5)

    assert (filled[scene.hole] == 200).all(axis=-1).mean() == pytest.approx(0.5)
    with pytest.raises(NotApplicable):
        BY_NAME["wrong-class"].apply(_scene(Sample("a", image, np.zeros_like(labels)), dataset), 0.5)
    with pytest.raises(NotApplicable):
        BY_NAME["wrong-class"].apply(_scene(Sample("a", image), dataset), 0.5)


def _thing(x: int) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture with a white thing, and its labels."""
    labels = np.zeros((48, 48), np.uint8)
    labels[20:28, x : x + 6] = 1
    return np.where(labels[..., None] == 1, np.uint8(250), np.uint8(60)).repeat(3, axis=2), labels


def test_a_missing_object_gives_way_to_its_surroundings(picture_folder: Callable[..., object]) -> None:
    dataset = bench.data.load("folder", size=(48, 48), root=str(picture_folder(1)))
    image, labels = _thing(20)
    scene = _scene(Sample("a", image, labels), dataset)

    for grade in BY_NAME["missing-object"].grades:
        filled = BY_NAME["missing-object"].apply(scene, grade)
        assert (filled == 60).all(axis=-1)[labels == 1].mean() == pytest.approx(grade)
    with pytest.raises(NotApplicable):
        BY_NAME["missing-object"].apply(_scene(Sample("a", *_thing(0)), dataset), 1.0)


def test_a_scene_without_the_object_goes_before_its_surroundings(picture_folder: Callable[..., object]) -> None:
    image, labels = _thing(20)
    shadow = image.copy()
    shadow[28:30, 20:26] = 30

    class Paired(type(bench.data.load("folder", size=(48, 48), root=str(picture_folder(1))))):  # type: ignore[misc]
        def __init__(self) -> None:
            """Only the scene without the object is asked for."""

        def without(self, sample_id: str, region: np.ndarray) -> RemovedObject:  # noqa: ARG002
            return RemovedObject(truth=Truth(np.full_like(image, 60)))

    scene = _scene(Sample("a", shadow, labels), Paired())
    np.testing.assert_array_equal(BY_NAME["missing-object"].apply(scene, 1.0), np.full_like(image, 60))


def test_a_redrawn_object_has_its_share_of_the_hole(picture_folder: Callable[..., object]) -> None:
    dataset = bench.data.load("folder", size=(48, 48), root=str(picture_folder(3)))
    sample = dataset[0]
    scene = _scene(Sample(sample.id, np.full_like(sample.image, 255), np.zeros_like(sample.labels)), dataset)

    for grade in BY_NAME["redrawn-object"].grades:
        drawn = (BY_NAME["redrawn-object"].apply(scene, grade) != 255).any(axis=-1)
        assert drawn.sum() / scene.hole.sum() == pytest.approx(grade, rel=0.3)  # whole pixels
        assert not drawn[~scene.hole].any()


def test_redrawn_truths_are_moved_by_one_pixel_each_another_way(streets: Dataset) -> None:
    image, name = streets[0].image, streets[0].id
    truths = [redrawn(image, 0, name, draw).astype(int) for draw in range(DRAWS)]
    inner = (slice(2, -2), slice(2, -2))
    ways = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    nearest = [min(ways, key=lambda way: np.abs(truth - displaced(image, *way))[inner].mean()) for truth in truths]

    assert sorted(nearest) == sorted(ways)
    hole = _hole(image.shape[:2])
    states = states_of(AuditedPicture("a", MaskedSample(streets[0], hole), streets[0]), streets, 0, [])
    assert list(states) == list(REDRAWN)
