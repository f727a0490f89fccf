from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.data.streets.canvas import Canvas
from bench.data.streets.raster import covered, upright, window

Outline = list[tuple[float, float]]

SIDE = 12
grid = st.integers(-30, 90).map(lambda n: n / 7)
outlines = st.lists(st.tuples(grid, grid), min_size=3, max_size=8)


def point_in_polygon(outline: Outline, x: float, y: float) -> bool | None:
    """Franklin's PNPOLY in exact arithmetic; None where the point lies on an edge as far as float64 can tell."""
    px, py, inside = Fraction(x), Fraction(y), False
    for (xa, ya), (xb, yb) in zip(outline, [outline[-1], *outline[:-1]], strict=True):
        ax, ay, bx, by = Fraction(xa), Fraction(ya), Fraction(xb), Fraction(yb)
        if (ay > py) != (by > py):
            crossing = (bx - ax) * (py - ay) / (by - ay) + ax
            if abs(crossing - px) < Fraction(1, 10**9):
                return None
            inside ^= px < crossing
    return inside


def whole(outline: Outline, side: int = SIDE) -> npt.NDArray[np.bool_]:
    mask = np.zeros((side, side), np.bool_)
    box = window(outline, side, side)
    if box:
        mask[box[0] : box[1], box[2] : box[3]] = covered(outline, box)
    return mask


def clear_of(outline: Outline) -> npt.NDArray[np.bool_]:
    """The centres that lie on no edge, as far as float64 can tell."""
    centres = [i + 0.5 for i in range(SIDE)]
    return np.array([[point_in_polygon(outline, x, y) is not None for x in centres] for y in centres])


@given(outlines)
@settings(deadline=None, max_examples=60)
def test_covers_what_the_even_odd_rule_says(outline: Outline) -> None:
    mask = whole(outline)

    for row in range(SIDE):
        for column in range(SIDE):
            expected = point_in_polygon(outline, column + 0.5, row + 0.5)
            assert expected is None or mask[row, column] == expected


@given(st.lists(st.tuples(grid, grid), min_size=3, max_size=3), st.integers(1, 9))
@example([(24 / 7, -3 / 7), (34 / 7, -3 / 7), (79 / 7, 24 / 7)], 2)
@settings(deadline=None, max_examples=60)
def test_parts_of_a_triangle_leave_neither_gap_nor_overlap(corners: Outline, tenth: int) -> None:
    (xa, ya), (xb, yb), (xc, yc) = corners
    cut = xa + (xb - xa) * tenth / 10, ya + (yb - ya) * tenth / 10
    first, second = whole([corners[0], cut, (xc, yc)]), whole([cut, corners[1], (xc, yc)])
    both = whole([corners[0], cut, corners[1], (xc, yc)])
    sure = clear_of([corners[0], cut, (xc, yc)]) & clear_of([cut, corners[1], (xc, yc)])

    assert not (first & second & sure).any()
    np.testing.assert_array_equal((first | second)[sure], both[sure])


def test_centres_on_a_shared_edge_belong_to_one_side() -> None:
    first, second = whole([(0.5, 0.5), (9.5, 0.5), (9.5, 9.5)]), whole([(9.5, 9.5), (0.5, 9.5), (0.5, 0.5)])
    both = whole([(0.5, 0.5), (9.5, 0.5), (9.5, 9.5), (0.5, 9.5)])

    assert first.diagonal()[:9].all()
    assert not (first & second).any()
    np.testing.assert_array_equal(first | second, both)


@given(grid, grid, grid, grid)
@settings(deadline=None)
def test_an_upright_rectangle_covers_its_whole_window(xa: float, ya: float, xb: float, yb: float) -> None:
    outline = [(xa, ya), (xb, ya), (xb, yb), (xa, yb)]
    box = window(outline, SIDE, SIDE)

    assert upright(outline)
    assert box is None or covered(outline, box).all()


@given(st.lists(outlines, min_size=1, max_size=4))
@settings(deadline=None, max_examples=40)
def test_labels_are_the_class_of_most_subsamples_and_of_the_last_painted_on_a_tie(shapes: list[Outline]) -> None:
    side = 4
    canvas = Canvas(side, side)
    subsamples = np.zeros((2 * side, 2 * side), np.int64)
    order = np.zeros_like(subsamples)
    everything = [(-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)]
    for number, outline in enumerate([everything, *([(x / side - 0.5, y / side) for x, y in s] for s in shapes)]):
        label = number % 3
        canvas.plain(outline, label, (0.5, 0.5, 0.5))
        mask = whole([((u + 0.5) * 2 * side, v * 2 * side) for u, v in outline], 2 * side)
        subsamples[mask], order[mask] = label, number

    _, labels = canvas.resolve()

    for row in range(side):
        for column in range(side):
            own = subsamples[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].ravel().tolist()
            last = order[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].ravel().tolist()
            rank = {c: (own.count(c), max(n for n, o in zip(last, own, strict=True) if o == c)) for c in own}
            assert labels[row, column] == max(rank, key=lambda c: rank[c])


def test_a_pixel_is_the_mean_of_its_subsamples() -> None:
    canvas = Canvas(2, 2)
    canvas.plain([(-1, 0), (1, 0), (1, 1), (-1, 1)], 0, (0.0, 0.0, 0.0), grain=0)
    canvas.plain([(-1, 0), (-0.25, 0), (-0.25, 1), (-1, 1)], 1, (1.0, 0.5, 0.0), grain=0)

    image, labels = canvas.resolve()

    assert image[0, 0].tolist() == [128, 64, 0]
    assert image[0, 1].tolist() == [0, 0, 0]
    assert labels.tolist() == [[1, 0], [1, 0]]
