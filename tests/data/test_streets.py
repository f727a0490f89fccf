from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from bench.data.streets import CLASSES, OBJECTS, SPLITS, Streets
from bench.errors import UnknownName, UsageError
from bench.vocabulary import Sample

# of image bytes followed by label bytes; a generator that changes one of them must raise its VERSION
PINNED = {
    ("test", (256, 256), 0): "c9abbecec6ef5671fbd16025f39303fee1d9ed157d13fb3998e573685e806ab3",
    ("test", (256, 256), 37): "ef8d8d73cd7f5c6fe1bfad1584c3b2da862f59fbbc2fa9107c2784e88706ed84",
    ("train", (256, 256), 19999): "85751cf0f9f230eb258b9696edde3ddf9a327a5325ab50d0e2c467eb79fb9775",
    ("val", (128, 96), 0): "7b1a551fc2d7a3360ab591fb566056306791b8dc4f7ee8e25028f557e7609c91",
    ("test", (128, 96), 0): "3400e50e71189d34373584f21a877278ce1418937a8720ad066ac791cd466634",
    ("train", (128, 96), 8): "5b2a7ad1aaaf7b70138978d43cbea42d50bddd16afed35fd1c5dea3bb21931c4",
}

# fewest and most of all pixels; CamVid: .17 .23 .01 .32 .045 .10 .012 .011 .06 .006 .003
SHARES = {
    "sky": (0.12, 0.30),
    "building": (0.14, 0.34),
    "pole": (0.006, 0.03),
    "road": (0.22, 0.42),
    "pavement": (0.03, 0.12),
    "tree": (0.05, 0.18),
    "sign": (0.005, 0.025),
    "fence": (0.005, 0.03),
    "car": (0.025, 0.10),
    "pedestrian": (0.002, 0.02),
    "bicyclist": (0.001, 0.01),
}


def checksum(sample: Sample) -> str:
    assert sample.labels is not None
    return hashlib.sha256(sample.image.tobytes() + sample.labels.tobytes()).hexdigest()


@pytest.fixture(scope="module")
def sixty() -> list[Sample]:
    dataset = Streets("train", (128, 128), 60)
    return list(dataset)


def labels_of(sample: Sample) -> npt.NDArray[np.uint8]:
    assert sample.labels is not None
    return sample.labels


@pytest.mark.parametrize(("split", "size", "index"), PINNED)
def test_bytes_are_pinned(split: str, size: tuple[int, int], index: int) -> None:
    assert checksum(Streets(split, size)[index]) == PINNED[split, size, index]


def test_bytes_do_not_depend_on_the_vector_units_of_the_cpu() -> None:
    features = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    code = (
        "import hashlib; from bench.data.streets import Streets; s = Streets('test', (64, 96))[3];"
        "print(hashlib.sha256(s.image.tobytes() + s.labels.tobytes()).hexdigest())"
    )
    plain = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(features), "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == checksum(Streets("test", (64, 96))[3])


def test_a_sample_does_not_depend_on_what_was_asked_before() -> None:
    dataset = Streets("test", (64, 64))
    forwards = [checksum(dataset[index]) for index in (0, 1, 2)]
    backwards = [checksum(dataset[index]) for index in (2, 1, 0)]

    assert forwards == backwards[::-1]
    assert len(set(forwards)) == 3
    assert checksum(Streets("test", (64, 64), 500)[1]) == forwards[2]  # every second one


def test_splits_are_disjoint() -> None:
    counts = Counter(scene for scenes in SPLITS.values() for scene in scenes)

    assert {split: len(scenes) for split, scenes in SPLITS.items()} == {"train": 20000, "val": 500, "test": 1000}
    assert max(counts.values()) == 1


def test_a_sample_is_a_picture_and_its_label_map() -> None:
    dataset = Streets("val", (48, 80), 3)

    assert len(dataset) == 3
    assert list(dataset.ids) == ["val-000000", "val-000166", "val-000333"]
    assert [sample.id for sample in dataset] == list(dataset.ids)
    assert all(sample.image.shape == (48, 80, 3) and sample.image.dtype == np.uint8 for sample in dataset)
    assert all(labels_of(sample).shape == (48, 80) and labels_of(sample).dtype == np.uint8 for sample in dataset)
    assert {dataset.classes[index] for index in OBJECTS} == {"tree", "sign", "car", "pedestrian", "bicyclist"}
    with pytest.raises(IndexError):
        dataset[3]


def test_revision_depends_on_split_size_and_limit() -> None:
    variants = [("test", (64, 64), 5), ("val", (64, 64), 5), ("test", (64, 96), 5), ("test", (64, 64), 6)]

    assert len({Streets(*variant).revision for variant in variants}) == 4
    assert Streets(*variants[0]).revision == Streets(*variants[0]).revision


@pytest.mark.parametrize("size", [(31, 64), (64, 31)])
def test_refuses_small_sizes(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="at least 32 pixels"):
        Streets("test", size)


def test_refuses_unknown_splits_and_empty_limits() -> None:
    with pytest.raises(UnknownName, match="Did you mean test"):
        Streets("tset", (64, 64))
    with pytest.raises(UsageError, match="limit must be at least 1; found 0"):
        Streets("test", (64, 64), 0)


@pytest.mark.parametrize("index", range(6))
def test_another_size_shows_the_same_scene(index: int) -> None:
    large, small = Streets("test", (256, 256))[index], Streets("test", (128, 128))[index]
    own = labels_of(small)
    quads = np.stack([labels_of(large)[row::2, column::2] for row in (0, 1) for column in (0, 1)])
    halved = large.image.reshape(128, 2, 128, 2, 3).astype(np.float64).mean(axis=(1, 3))

    assert ((quads == own).sum(axis=0) >= 2).mean() > 0.985
    assert np.abs(halved - small.image).mean() < 8


def test_a_wider_picture_shows_more_at_its_sides() -> None:
    wide, narrow = Streets("test", (64, 128))[5], Streets("test", (64, 64))[5]

    np.testing.assert_array_equal(wide.image[:, 32:96], narrow.image)
    np.testing.assert_array_equal(labels_of(wide)[:, 32:96], labels_of(narrow))


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (40, 160), (160, 40)])
def test_draws_any_size(size: tuple[int, int]) -> None:
    sample = Streets("val", size)[1]

    assert labels_of(sample).shape == size
    assert labels_of(sample).max() < len(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_classes_have_their_share_and_occur_often(sixty: list[Sample], name: str) -> None:
    shares = np.array([(labels_of(sample) == CLASSES.index(name)).mean() for sample in sixty])
    low, high = SHARES[name]

    assert low < shares.mean() < high
    assert (shares > 0).mean() > 0.35


def test_every_pixel_has_a_class(sixty: list[Sample]) -> None:
    assert all(labels_of(sample).max() < len(CLASSES) for sample in sixty)


def test_holes_are_not_trivial_to_fill(sixty: list[Sample]) -> None:
    hole = np.zeros((128, 128), np.bool_)
    hole[32:96, 32:96] = True

    def psnr(filled: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8]) -> float:
        error = filled[hole].astype(np.float64) - truth[hole]
        return float(10 * np.log10(255**2 / (error**2).mean()))

    flat, telea = [], []
    for sample in sixty[:20]:
        filled = sample.image.copy()
        filled[hole] = sample.image[~hole].mean(axis=0).round()
        flat.append(psnr(filled, sample.image))
        smooth = cv2.inpaint(sample.image, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA)
        telea.append(psnr(np.asarray(smooth, np.uint8), sample.image))

    assert np.mean(flat) < 16
    assert np.mean(telea) < 19
    assert max(telea) < 23


def test_pictures_differ_in_light_and_layout(sixty: list[Sample]) -> None:
    brightness = np.array([sample.image.mean() for sample in sixty])
    sky = np.array([(labels_of(sample) == 0).mean() for sample in sixty])

    assert brightness.std() > 15
    assert sky.std() > 0.03
    assert len({checksum(sample) for sample in sixty}) == 60
