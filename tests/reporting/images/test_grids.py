from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.errors import DataError
from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.images.contact_sheet import contact_sheet
from bench.reporting.images.gallery import write_gallery
from bench.reporting.images.grid import draw_grid
from bench.reporting.images.tiles import Tile, hatched, scaled

MakeRun = Callable[..., Path]


def pixels_of(image: Image.Image) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.asarray(image.convert("RGB"))


def noise(height: int, width: int, seed: int = 0) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def holds(sheet: Image.Image, picture: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]) -> bool:
    """Whether the picture lies somewhere in the sheet, pixel for pixel."""
    pixels = pixels_of(sheet)
    height, width = picture.shape[:2]
    rows, columns = pixels.shape[0] - height + 1, pixels.shape[1] - width + 1
    fits = np.ones((rows, columns), bool)
    for y, x in np.random.default_rng(0).integers(0, (height, width), (32, 2)):
        fits &= (pixels[y : y + rows, x : x + columns] == picture[y, x]).all(axis=2)
    return any(np.array_equal(pixels[y : y + height, x : x + width], picture) for y, x in np.argwhere(fits))


@pytest.mark.parametrize(
    ("size", "shown"), [((256, 300), (256, 300)), ((64, 32), (192, 96)), ((1024, 2048), (256, 512))]
)
def test_pictures_are_scaled_by_whole_numbers(size: tuple[int, int], shown: tuple[int, int]) -> None:
    picture = noise(*size)
    view = scaled(picture)

    assert view.shape == (*shown, 3)
    if shown[0] >= size[0]:
        times = shown[0] // size[0]
        assert np.array_equal(view[::times, ::times], picture)
        assert np.array_equal(view[times - 1 :: times, times - 1 :: times], picture)
    else:
        blocks = picture.reshape(256, 4, 512, 4, 3).mean(axis=(1, 3))
        assert np.abs(view - blocks).max() <= 0.5


def test_only_the_hole_is_hatched() -> None:
    picture, hole = noise(200, 210), np.zeros((200, 210), bool)
    hole[50:100, 60:120] = True
    shown = hatched(picture, hole)

    assert np.array_equal(shown[~hole], picture[~hole])
    assert {tuple(pixel) for pixel in shown[hole]} == {(232, 232, 232), (175, 175, 175)}


def test_a_grid_holds_its_tiles_pixel_for_pixel() -> None:
    pictures = [noise(200, 220, seed) for seed in range(4)]
    sheet = draw_grid(
        [[Tile(pictures[0], "1.0 dB"), Tile(pictures[1])], [Tile(pictures[2]), Tile(pictures[3], "x")]],
        column_titles=["one", "a name that is much too long for its column and then some more of it " * 3],
        row_titles=["first", "town/0000000000000000000000000000000000001"],
        title="A title",
    )

    assert all(holds(sheet, picture) for picture in pictures)
    assert sheet.width < 220 * 3.2


def test_pictures_of_unlike_sizes_fit_one_grid() -> None:
    pictures = [noise(200, 100), noise(120, 260, 1)]
    sheet = draw_grid([[Tile(pictures[0]), Tile(None, message="failed")], [Tile(pictures[1])]])

    assert all(holds(sheet, picture) for picture in pictures)


def test_a_gallery_shows_input_fills_and_truth(make_run: MakeRun) -> None:
    out = make_run(models=["telea", "mean", "third"], failed={"mean": [1]}, size=(200, 210), gallery=2)
    run = read_run(out)
    overall, grid = write_gallery(RunAnalysis(run))
    with Image.open(grid) as image:
        sheet = image.copy()
    key = next(key for key in run.cells if key.model == "telea")
    with Image.open(run.layout.fill(key, "town/0000")) as fill, Image.open(run.layout.truth("town/0000")) as truth:
        assert holds(sheet, pixels_of(fill))
        assert holds(sheet, pixels_of(truth))

    assert (overall.name, grid.name) == ("overall.png", "center-50@1.png")
    assert sheet.width > 5 * 210
    assert sheet.height > 2 * 200
    failed = np.all(pixels_of(sheet) == 238, axis=2)
    assert 0.8 * 200 * 210 < failed.sum() < 1.1 * 200 * 210


def test_many_models_stand_below_each_other(make_run: MakeRun) -> None:
    models = [f"model-{number}" for number in range(7)]
    run = read_run(make_run(models=models, size=(200, 210), gallery=1))
    with Image.open(write_gallery(RunAnalysis(run))[1]) as image:
        sheet = image.copy()

    assert all(holds(sheet, pixels_of(Image.open(run.layout.fill(key, "town/0000")))) for key in run.cells)
    assert 6 * 210 < sheet.width < 8 * 210  # four models between input and truth, then three
    assert sheet.height > 2 * 200


def test_skipped_samples_and_missing_cells_leave_empty_tiles(make_run: MakeRun) -> None:
    run = read_run(make_run(skipped=[0], missing=[("mean", "center-50@1")], size=(200, 200), gallery=2))
    with Image.open(write_gallery(RunAnalysis(run))[1]) as image:
        empty = np.all(pixels_of(image) == 238, axis=2)

    assert 3.5 * 200 * 200 < empty.sum() < 4 * 200 * 200


def test_no_gallery_pictures_no_grids(make_run: MakeRun) -> None:
    assert write_gallery(RunAnalysis(read_run(make_run(gallery=0)))) == []


def test_a_contact_sheet_shows_every_hole() -> None:
    holes = [np.zeros((200, 200), bool) for _ in range(5)]
    for index, hole in enumerate(holes):
        hole[: 20 * index + 10] = True
    sheet = contact_sheet(holes, [f"sample {index}" for index in range(5)], columns=3, title="rows@1")

    assert sheet.width < 4 * 200
    for hole in holes:
        assert holds(sheet, np.where(hole[..., None], np.uint8(255), np.uint8(40)).repeat(3, axis=2))


def test_a_contact_sheet_can_lie_over_pictures() -> None:
    picture, hole = noise(200, 200), np.zeros((200, 200), bool)
    hole[20:90] = True

    assert holds(contact_sheet([hole], pictures=[picture]), hatched(picture, hole))


def test_a_contact_sheet_needs_as_many_titles_as_holes() -> None:
    with pytest.raises(DataError, match="as many as the 1 holes"):
        contact_sheet([np.ones((8, 8), bool)], ["a", "b"])
    with pytest.raises(DataError, match="have holes"):
        contact_sheet([])
