from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines import opencv, patchmatch

Picture = npt.NDArray[np.uint8]
Hole = npt.NDArray[np.bool_]


def texture(kind: str, period: int, side: int = 96) -> Picture:
    y, x = np.mgrid[:side, :side]
    half = period // 2
    light = {
        "stripes": x // half % 2 == 0,
        "diagonals": (x + y) // half % 2 == 0,
        "checks": (x // half + y // half) % 2 == 0,
        "bricks": (y % period < 2) | ((x + y // period % 2 * period) % (2 * period) < 2),
    }[kind]
    return np.where(light[..., None], (220, 210, 200), (180, 90, 60)).astype(np.uint8)


def noise(*size: int, seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def centre(height: int, width: int) -> Hole:
    hole = np.zeros((height, width), bool)
    hole[height // 4 : -height // 4, width // 4 : -width // 4] = True
    return hole


def psnr(reference: Picture, filled: Picture, hole: Hole) -> float:
    error = float(np.mean((reference[hole].astype(float) - filled[hole]) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def touches(hole: Hole, size: int) -> npt.NDArray[np.bool_]:
    return np.asarray(np.lib.stride_tricks.sliding_window_view(hole, (size, size)).any(axis=(2, 3)))


@st.composite
def holes(draw: st.DrawFn) -> Hole:
    height, width = draw(st.integers(16, 64)), draw(st.integers(16, 64))
    hole = np.zeros((height, width), bool)
    kind = draw(st.sampled_from(["box", "frame", "lines", "grid", "speckle", "single pixel known"]))
    top, left = draw(st.integers(0, height - 2)), draw(st.integers(0, width - 2))
    bottom, right = draw(st.integers(top + 1, height - 1)), draw(st.integers(left + 1, width - 1))
    if kind in {"box", "frame"}:
        hole[top:bottom, left:right] = True
    elif kind == "lines":
        hole[:: draw(st.integers(2, 9))] = True
    elif kind == "grid":
        hole[::2, ::2] = True
    elif kind == "speckle":
        hole = np.random.default_rng(top).random((height, width)) < draw(st.floats(0.05, 0.95))
        hole[0, 0], hole[-1, -1] = True, False
    else:
        hole[top, left] = True
    return ~hole if kind in {"frame", "grid", "single pixel known"} else hole


@given(hole=holes(), seed=st.integers(-(2**70), 2**70))
@settings(max_examples=40, deadline=None)
def test_every_filled_pixel_is_a_copy_of_a_known_one(hole: Hole, seed: int) -> None:
    image = noise(*hole.shape)
    filled = patchmatch.fill(image, hole, seed=seed)
    known = set(map(tuple, image[~hole].tolist()))
    assert set(map(tuple, filled[hole].tolist())) <= known
    np.testing.assert_array_equal(filled[~hole], image[~hole])


@pytest.mark.parametrize("kind", ["stripes", "diagonals", "checks", "bricks"])
@pytest.mark.parametrize("period", [10, 16])
def test_a_periodic_texture_is_recovered_where_diffusion_blurs_it(kind: str, period: int) -> None:
    image = texture(kind, period)
    hole = np.zeros((96, 96), bool)
    hole[32:64, 30:62] = True
    assert psnr(image, patchmatch.fill(image, hole), hole) > 40
    assert psnr(image, opencv.telea(image, hole), hole) < 20


def test_a_step_edge_goes_straight_through_the_hole() -> None:
    image = np.zeros((64, 80, 3), np.uint8)
    image[:, 41:] = (250, 240, 30)
    hole = centre(64, 80)
    np.testing.assert_array_equal(patchmatch.fill(image, hole), image)


def test_detail_in_the_hole_is_as_strong_as_around_it() -> None:
    image, hole = noise(96, 96), centre(96, 96)
    filled = patchmatch.fill(image, hole)
    detail = np.abs(np.diff(filled.astype(int), axis=1)).mean(axis=2)
    inside = hole[:, 1:] & hole[:, :-1]
    assert detail[inside].mean() > 0.8 * detail[~inside].mean()


def test_a_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    image, hole = noise(64, 64), centre(64, 64)
    first = patchmatch.fill(image, hole, seed=7)
    np.testing.assert_array_equal(first, patchmatch.fill(image, hole, seed=7))
    assert (first != patchmatch.fill(image, hole, seed=8)).any()


def test_the_bytes_are_the_same_on_every_machine() -> None:
    y, x = np.mgrid[:56, :72]
    image = np.stack([x * y, x * x + 3 * y, 5 * x ^ 3 * y], axis=-1).astype(np.uint8)
    digest = hashlib.sha256(patchmatch.fill(image, centre(56, 72), seed=1).tobytes()).hexdigest()
    assert digest == "0770ad52c22f3779d0441ad1492aa069581af7f3d99a99e35afa22315c6b8c44"


@pytest.mark.parametrize("size", [1, 4, 7])
def test_matches_touch_no_missing_pixel(size: int) -> None:
    hole = centre(40, 52)
    hole[3, 7] = True
    field = patchmatch.nearest_patches(noise(40, 52), hole, size=size)
    touching = touches(hole, size)
    assert field.shape == (41 - size, 53 - size, 2)
    assert (field[~touching] == -1).all()
    rows, columns = field[touching].T
    assert not touching[rows, columns].any()


def test_matches_are_nearly_the_nearest() -> None:
    image, hole, size = noise(32, 36) // 32 * 32, np.zeros((32, 36), bool), 5
    hole[14:17, 14:20] = True
    patches = np.lib.stride_tricks.sliding_window_view(image.astype(int), (size, size), axis=(0, 1))
    touching = touches(hole, size)
    field = patchmatch.nearest_patches(image, hole, size=size, scans=20)
    queries, sources = patches[touching].reshape(-1, 75), patches[~touching].reshape(-1, 75)
    exact = ((queries[:, None] - sources[None]) ** 2).sum(axis=2).min(axis=1)
    rows, columns = field[touching].T
    found = ((queries - patches[rows, columns].reshape(-1, 75)) ** 2).sum(axis=1)
    assert (found >= exact).all()
    assert found.mean() < 1.1 * exact.mean()


def test_an_exact_repetition_is_found() -> None:
    tile = noise(32, 40)
    image = np.concatenate([tile, tile], axis=1)
    hole = np.zeros((32, 80), bool)
    hole[10:20, 8:30] = True
    field = patchmatch.nearest_patches(image, hole)
    touching = field[..., 0] >= 0
    offsets = field - np.moveaxis(np.indices(field.shape[:2]), 0, -1)
    assert (offsets[touching] == (0, 40)).all(axis=1).mean() > 0.99


def test_a_hole_without_a_free_patch_is_named() -> None:
    hole = np.zeros((30, 30), bool)
    hole[::3] = True
    with pytest.raises(ValueError, match="hole must leave a 7x7 patch free; found none"):
        patchmatch.nearest_patches(noise(30, 30), hole)
    assert patchmatch.nearest_patches(noise(30, 30), hole, size=2).shape == (29, 29, 2)
