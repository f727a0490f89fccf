from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from bench.image_files.sizes import nearest
from bench.masks.connected_components import connected_components, dilate
from bench.masks.raster import paint_capsules
from bench.masks.sketch import Sketch

place = st.floats(-20.0, 60.0).map(lambda value: round(value, 3))


def distance_to_segment(height: int, width: int, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(float)
    dx, dy = x1 - x0, y1 - y0
    squared = dx * dx + dy * dy
    t = np.clip(((x - x0) * dx + (y - y0) * dy) / squared, 0.0, 1.0) if squared else np.zeros_like(x)
    distance: np.ndarray = np.hypot(x - (x0 + t * dx), y - (y0 + t * dy))
    return distance


@settings(deadline=None)  # the first call compiles
@given(place, place, place, place, st.floats(0.1, 30.0))
def test_a_capsule_is_all_pixels_within_the_radius_of_a_segment(
    x0: float, y0: float, x1: float, y1: float, radius: float
) -> None:
    hole = np.zeros((33, 45), np.bool_)
    paint_capsules(hole, np.array([[x0, y0, x1, y1, radius]]))
    distance = distance_to_segment(33, 45, x0, y0, x1, y1)

    assert hole[distance < radius - 1e-6].all()
    assert not hole[distance > radius + 1e-6].any()


def test_painting_adds_to_what_is_there() -> None:
    hole = np.zeros((9, 9), np.bool_)
    hole[0, 0] = True
    paint_capsules(hole, np.array([[4.0, 4.0, 4.0, 4.0, 1.0], [8.0, 8.0, 8.0, 8.0, 0.5]]))

    assert sorted(zip(*np.nonzero(hole), strict=True)) == [(0, 0), (3, 4), (4, 3), (4, 4), (4, 5), (5, 4), (8, 8)]


def test_a_sketch_at_twice_the_size_is_the_same_picture_larger() -> None:
    holes = []
    for size in (256, 512):
        sketch = Sketch(size, size, 256)
        sketch.line(30, 40, 200, 90, 25)
        sketch.disc(128, 200, 30)
        sketch.box(180, 150, 40, 60)
        holes.append(sketch.hole())
    coarse = np.kron(holes[0], np.ones((2, 2), np.bool_))

    assert np.count_nonzero(coarse != holes[1]) < 0.01 * coarse.size
    assert holes[1][300:420, 360:440].all()  # the box, exactly doubled
    assert np.count_nonzero(holes[1][300:420, 358:442]) == 120 * 80


def test_a_stroke_never_slips_between_the_pixels() -> None:
    for offset in np.linspace(0.0, 8.0, 50):
        sketch = Sketch(32, 32, 256)
        sketch.line(100.0 + offset, 100.0 + offset, 100.0 + offset, 100.0 + offset, 1.0)

        assert sketch.hole().any()


def test_boxes_are_cut_at_the_border() -> None:
    sketch = Sketch(32, 40, 32)
    sketch.box(-5, -5, 7, 9)
    sketch.box(-9, 3, 4, 4)
    sketch.box(38, 30, 10, 10)
    hole = sketch.hole()

    assert hole[:4, :2].all()
    assert hole[30:, 38:].all()
    assert np.count_nonzero(hole) == 8 + 4


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 2**32 - 1), st.integers(1, 24), st.integers(1, 24), st.integers(1, 4))
def test_regions_are_scipys_8_connected_ones_numbered_in_reading_order(
    seed: int, height: int, width: int, classes: int
) -> None:
    labels = np.random.default_rng(seed).integers(0, classes, (height, width)).astype(np.uint8)
    wanted = np.arange(256) != 1
    regions = connected_components(labels, wanted)

    expected = set()
    for value in set(range(classes)) - {1}:
        numbered, count = ndimage.label(labels == value, np.ones((3, 3)))
        expected |= {frozenset(np.flatnonzero(numbered == n)) for n in range(1, count + 1)}
    found = [frozenset(np.flatnonzero(regions == n)) for n in range(1, regions.max() + 1)]
    assert set(found) == expected
    assert [min(component) for component in found] == sorted(min(component) for component in found)
    assert not regions[labels == 1].any()


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_growing_is_dilation_by_a_disc(seed: int, radius: int) -> None:
    noise = np.random.default_rng(seed).normal(size=(30, 41))
    component = ndimage.gaussian_filter(noise, 2.0) > 0.1
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]

    assert np.array_equal(
        dilate(component, radius), ndimage.binary_dilation(component, y * y + x * x <= radius * radius)
    )


@pytest.mark.parametrize("size", [(8, 8), (20, 31), (64, 16), (5, 3), (200, 77)])
def test_nearest_is_pillows(size: tuple[int, int]) -> None:
    array = np.random.default_rng(0).integers(0, 256, (20, 31)).astype(np.uint8)
    pillow = Image.fromarray(array).resize((size[1], size[0]), Image.Resampling.NEAREST)

    assert np.array_equal(nearest(array, *size), np.asarray(pillow))


@pytest.mark.parametrize("thickness", [5, 6, 9, 14, 30, 51, 104])
def test_lama_strokes_are_as_wide_as_opencv_paints_them(thickness: int) -> None:
    painted = np.zeros((400, 400), np.uint8)
    cv2.line(painted, (100, 200), (300, 200), 1, thickness)
    sketch = Sketch(400, 400, 400)
    sketch.line(100, 200, 300, 200, 2 * -(-thickness // 2) + 1)

    assert np.array_equal(sketch.hole()[:, 200], painted[:, 200] > 0)
