from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.data import parse_size
from bench.errors import UsageError
from bench.image_files.sizes import centre_crop, check_size, resize_labels, resize_picture

SIDES = st.integers(1, 70)
SIZES = st.tuples(SIDES, SIDES)
UNTIMED = settings(deadline=None)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("text", "size"), [("256", (256, 256)), ("256x512", (256, 512)), ("1x1", (1, 1)), ("native", None)]
)
def test_a_size_is_read_as_height_by_width(text: str, size: tuple[int, int] | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "0", "256x0", "-256", "256x", "x256", "256x256x3", "256 x 512", "big", "2.5", "²"]
)
def test_no_other_size_is_read(text: str) -> None:
    with pytest.raises(UsageError, match="256x512"):
        parse_size(text)


@pytest.mark.parametrize("size", [256, (256,), (0, 256), (256.0, 256), (256, -1), "256", [256, 256], (True, True)])
def test_a_size_that_is_no_pair_of_positive_integers_is_refused(size: object) -> None:
    with pytest.raises(UsageError, match=r"\(height, width\)"):
        check_size(size)  # type: ignore[arg-type]  # what a caller without a type checker may pass


@UNTIMED
@given(SIZES, SIZES)
def test_the_result_has_exactly_the_size_asked(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert resize_picture(noise(*shape), size).shape == (*size, 3)
    assert resize_labels(noise(*shape)[..., 0], size).shape == size


@UNTIMED
@given(SIZES, SIZES, st.tuples(*[st.integers(0, 255)] * 3))
def test_a_picture_of_one_colour_keeps_it(
    shape: tuple[int, int], size: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    picture = np.full((*shape, 3), colour, np.uint8)

    assert (resize_picture(picture, size) == colour).all()


@UNTIMED
@given(SIZES)
def test_a_picture_of_the_size_asked_is_untouched(shape: tuple[int, int]) -> None:
    picture = noise(*shape)

    assert np.array_equal(resize_picture(picture, shape), picture)
    assert np.array_equal(resize_labels(picture[..., 0], shape), picture[..., 0])


@UNTIMED
@given(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), SIZES)
def test_the_crop_is_centred_inside_and_as_large_as_the_aspect_allows(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    top, left, height, width = centre_crop(shape, size)

    below, right = shape[0] - top - height, shape[1] - left - width
    assert 0 <= below - top <= 1
    assert 0 <= right - left <= 1
    assert height == shape[0] or width == shape[1]
    # the other side is the one of this aspect, to half a pixel (a whole one at the least)
    ratio = size[1] / size[0]
    assert abs(width - height * ratio) <= 0.5 or abs(height - width / ratio) <= 0.5 or 1 in {width, height}


def test_a_known_crop() -> None:
    assert centre_crop((360, 480), (256, 256)) == (0, 60, 360, 360)
    assert centre_crop((360, 480), (256, 512)) == (60, 0, 240, 480)


@UNTIMED
@given(st.integers(1, 6), st.integers(1, 12), st.integers(1, 12))
def test_a_whole_factor_gives_block_means(factor: int, rows: int, columns: int) -> None:
    picture = noise(rows * factor, columns * factor)
    blocks = picture.reshape(rows, factor, columns, factor, 3).astype(np.float64).mean(axis=(1, 3))

    assert np.array_equal(resize_picture(picture, (rows, columns)), np.rint(blocks))


@UNTIMED
@given(st.integers(1, 20), st.integers(1, 20))
def test_any_factor_gives_the_mean_over_the_area(side: int, target: int) -> None:
    picture = noise(side, side)
    # enlarged so far that every target pixel covers whole pixels, block means are the reference
    fine = np.repeat(np.repeat(picture.astype(np.float64), target, axis=0), target, axis=1)
    means = fine.reshape(target, side, target, side, 3).mean(axis=(1, 3))

    assert np.abs(resize_picture(picture, (target, target)) - means).max() <= 0.5 + 1e-9


@UNTIMED
@given(st.integers(32, 90), st.integers(32, 90), st.tuples(st.integers(1, 32), st.integers(1, 32)))
def test_shrinking_agrees_with_opencv(height: int, width: int, size: tuple[int, int]) -> None:
    picture = noise(height, width)
    top, left, crop_height, crop_width = centre_crop(picture.shape, size)
    assume(crop_height >= size[0] and crop_width >= size[1])
    crop = picture[top : top + crop_height, left : left + crop_width]
    reference = cv2.resize(np.ascontiguousarray(crop), (size[1], size[0]), interpolation=cv2.INTER_AREA)

    # OpenCV sums in float32 and, at factor 2, rounds halves up: one grey level
    assert np.abs(resize_picture(picture, size).astype(int) - reference).max() <= 1


@UNTIMED
@given(SIZES, SIZES)
def test_labels_are_taken_and_never_mixed(shape: tuple[int, int], size: tuple[int, int]) -> None:
    labels = np.where(noise(*shape)[..., 0] > 127, np.uint8(7), np.uint8(200))

    assert set(np.unique(resize_labels(labels, size))) <= set(np.unique(labels))


@UNTIMED
@given(SIDES, SIDES)
def test_a_label_is_the_one_under_the_centre_of_its_pixel(side: int, target: int) -> None:
    labels = np.arange(side, dtype=np.uint8)[:, None].repeat(side, axis=1)
    fine = labels[:, 0].repeat(2 * target)  # each target pixel covers 2 * side of these, and its centre begins one

    expected = fine[side :: 2 * side]
    assert np.array_equal(resize_labels(labels, (target, target)), expected[:, None].repeat(target, axis=1))


# factors of which sums in floating point are exact; at others Pillow loses the centre now and then
@pytest.mark.parametrize(("shape", "size"), [((48, 64), (32, 32)), ((64, 64), (16, 16)), ((60, 40), (64, 64))])
def test_labels_are_those_that_pillow_finds_nearest(shape: tuple[int, int], size: tuple[int, int]) -> None:
    labels = noise(*shape)[..., 0]
    top, left, height, width = centre_crop(shape, size)
    box = (left, top, left + width, top + height)
    nearest = Image.fromarray(labels).resize((size[1], size[0]), Image.Resampling.NEAREST, box=box)

    assert np.array_equal(resize_labels(labels, size), np.asarray(nearest))


@UNTIMED
@given(st.integers(2, 120), st.integers(2, 120), st.data())
def test_an_edge_lies_at_the_same_place_in_picture_and_labels(side: int, target: int, data: st.DataObject) -> None:
    edge = data.draw(st.integers(0, side))
    labels = np.zeros((side, side), np.uint8)
    labels[:, edge:] = 1
    picture = np.repeat(labels[..., None] * np.uint8(255), 3, axis=2)

    in_picture = resize_picture(picture, (target, target))[0, :, 0].sum(dtype=np.float64) / 255  # pixels right of it
    in_labels = resize_labels(labels, (target, target))[0].sum(dtype=np.float64)

    assert abs(in_picture - in_labels) <= 0.5 + 0.5 / 255  # labels round to whole pixels, pictures to grey levels
