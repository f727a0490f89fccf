from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import bench.masks
from bench.vocabulary import Sample

DRAWN = [
    entry.name for entry in bench.masks.PROTOCOLS if not entry.name.startswith(("files:", "edit-", "object", "whole"))
]
FIXED = {"center-50", "half-left", "half-right", "every-second-line", "super-resolve-2", "expand-64", "outpaint-25"}
RANDOM = [name for name in DRAWN if name.partition("@")[0] not in FIXED]


def draw(name: str, size: tuple[int, int] = (256, 256), key: str = "a", seed: int = 0) -> np.ndarray:
    return bench.masks.draw(name, height=size[0], width=size[1], key=key, seed=seed)


def kept(hole: np.ndarray) -> set[tuple[int, int]]:
    return {(int(y), int(x)) for y, x in zip(*np.nonzero(~hole), strict=True)}


def box_of(hole: np.ndarray) -> tuple[slice, slice]:
    """The one box that the hole is."""
    (rows, columns) = ndimage.find_objects(hole.astype(int))[0]
    assert hole[rows, columns].all()
    assert np.count_nonzero(hole) == hole[rows, columns].size
    return rows, columns


@settings(max_examples=12, deadline=None)
@given(st.integers(32, 300), st.integers(32, 300), st.text(), st.integers(0, 2**40))
@pytest.mark.parametrize("name", DRAWN)
def test_any_size_gives_a_hole(name: str, height: int, width: int, key: str, seed: int) -> None:
    hole = draw(name, (height, width), key, seed)

    assert hole.shape == (height, width)
    assert hole.dtype == np.bool_
    assert hole.any()
    assert not hole.all()


@pytest.mark.parametrize("name", DRAWN)
def test_a_hole_depends_on_its_arguments_alone(name: str) -> None:
    keys = [f"sample/{index}" for index in range(6)]
    forwards = {key: draw(name, (96, 128), key, 3) for key in keys}
    protocol = bench.masks.get(name)
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3)).astype(np.uint8)
    pictures = [Sample(key, picture) for key in keys]

    for sample in reversed(pictures):
        assert np.array_equal(protocol.hole(sample, 3, pictures), forwards[sample.id])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RANDOM)
def test_other_keys_and_seeds_give_other_holes(name: str) -> None:
    holes = [draw(name, key=f"{key}", seed=seed) for key in range(8) for seed in range(3)]

    assert len({hole.tobytes() for hole in holes}) >= 22  # two blocks may fall on the same of the 16,641 places


def test_other_protocols_of_the_same_rule_draw_other_numbers() -> None:
    assert (draw("freeform-brush") & ~draw("freeform")).any()


def test_the_centre_is_128_of_256() -> None:
    assert box_of(draw("center-50")) == (slice(64, 192), slice(64, 192))
    assert box_of(draw("center-50", (256, 512))) == (slice(64, 192), slice(128, 384))


def test_the_halves() -> None:
    assert box_of(draw("half-left")) == (slice(0, 256), slice(0, 128))
    assert box_of(draw("half-right")) == (slice(0, 256), slice(128, 256))
    assert np.array_equal(draw("half-left", (40, 33)), ~draw("half-right", (40, 33)))


def test_every_second_line_keeps_the_odd_rows() -> None:
    assert kept(draw("every-second-line", (32, 40))) == {(y, x) for y in range(1, 32, 2) for x in range(40)}


def test_super_resolution_keeps_a_quarter_from_pixel_1_1() -> None:
    assert kept(draw("super-resolve-2", (32, 40))) == {(y, x) for y in range(1, 32, 2) for x in range(1, 40, 2)}


def test_expansion_keeps_64_of_256() -> None:
    assert box_of(~draw("expand-64")) == (slice(96, 160), slice(96, 160))


@pytest.mark.parametrize(("size", "rows", "columns"), [((256, 256), 32, 32), ((100, 300), 12, 37)])
def test_outpainting_is_a_frame(size: tuple[int, int], rows: int, columns: int) -> None:
    assert box_of(~draw("outpaint-25", size)) == (slice(rows, size[0] - rows), slice(columns, size[1] - columns))


def test_the_random_block_is_half_of_each_side_and_reaches_all_borders() -> None:
    boxes = [box_of(draw("random-rect", (40, 60), f"{key}")) for key in range(400)]

    assert {(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in boxes} == {(20, 30)}
    assert {rows.start for rows, _ in boxes} == set(range(21))
    assert {columns.start for _, columns in boxes} == set(range(31))


def test_the_block_of_spg_net_takes_all_sides_from_an_eighth_to_a_half() -> None:
    boxes = [box_of(draw("spg-random", (64, 96), f"{key}")) for key in range(600)]

    assert {rows.stop - rows.start for rows, _ in boxes} == set(range(8, 33))
    assert {columns.stop - columns.start for _, columns in boxes} == set(range(12, 49))
    assert min(rows.start for rows, _ in boxes) == 0
    assert max(columns.stop for _, columns in boxes) == 96


@pytest.mark.parametrize("low", [10, 20, 30, 40, 50])
@pytest.mark.parametrize("size", [(256, 256), (96, 192), (32, 32)])
def test_irregular_holes_fill_their_bin_and_stay_in_it(low: int, size: tuple[int, int]) -> None:
    name = f"irregular-{low}-{low + 10}"
    shares = np.array([100 * draw(name, size, f"{key}").mean() for key in range(100)])

    assert (shares > low).all()  # right-closed, as PConv's bins
    assert (shares <= low + 10).all()
    counts = np.histogram(shares, 5, (low, low + 10))[0]
    assert counts.min() >= 8  # 20 expected


@pytest.mark.parametrize("name", [name for name in RANDOM if name.startswith("lama")])
def test_lama_never_hides_more_than_half(name: str) -> None:
    assert max(draw(name, (64, 64), f"{key}").mean() for key in range(300)) <= 0.5
