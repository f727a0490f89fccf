"""Every way to give a picture, a mask or a prediction reads a file right or refuses it by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image, ImageFile

import bench.data
import bench.masks
import bench.models
from bench.errors import DataError, ModelFailure
from bench.image_files.decode import read_index_map, read_picture
from bench.image_files.masks import read_mask
from bench.image_files.opening import upright_size
from bench.pictures import quantise, unstack_pictures
from bench.vocabulary import Batch, CellBound
from tests.image_files.encodings import HEIGHT, WIDTH, Encoding, encodings

ALL = tuple(encodings())
LOSSY = "JPEG"


def batch(height: int, width: int) -> Batch:
    hole = torch.zeros(1, 1, height, width, dtype=torch.bool)
    hole[..., 0] = True
    return Batch(torch.zeros(1, 3, height, width), hole, None, ("a",), (0,))


def of_dataset(file: Path, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    return bench.data.load("folder", size=None, root=file.parent.parent)[0].image


def of_predictions(file: Path, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    model = bench.models.load(f"folder:{file.parent}")
    assert isinstance(model, CellBound)
    prediction = model.bind("center-50@1", ["a"]).inpaint(batch(*size))
    return np.array(unstack_pictures(quantise(prediction.image))[0])


def of_program(file: Path, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    model = bench.models.load(f"command:cp {file} {{outputs}}/0000.png")
    return np.array(unstack_pictures(quantise(model.inpaint(batch(*size)).image))[0])


@pytest.fixture(autouse=True)
def tolerant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some model code sets this for the whole process."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)


def write(folder: Path, encoding: Encoding) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"a.{encoding.suffix}"
    file.write_bytes(encoding.data)
    return file


@pytest.mark.parametrize("read", [of_dataset, of_predictions])
def test_a_picture_is_read_exactly_or_refused_by_name(
    tmp_path: Path, read: Callable[[Path, tuple[int, int]], npt.NDArray[np.uint8]]
) -> None:
    for number, encoding in enumerate(ALL):
        if encoding.name == LOSSY:
            continue
        file = write(tmp_path / str(number) / "images", encoding)
        if encoding.pixels is None:
            with pytest.raises((DataError, ModelFailure), match=re.escape(file.name)):
                print(encoding, read(file, (HEIGHT, WIDTH)))  # noqa: T201 (names the encoding in a failure)
        else:
            pixels = read(file, encoding.pixels.shape[:2])
            assert np.array_equal(pixels, encoding.pixels), encoding


@pytest.mark.parametrize("name", ["PNG L, orientation 6", "PNG of 16 bits", "PNG RGBA, opaque", "CMYK JPEG"])
def test_what_a_program_wrote_is_read_as_strictly(tmp_path: Path, name: str) -> None:
    (encoding,) = (one for one in ALL if one.name == name)
    file = write(tmp_path, encoding)
    if encoding.pixels is None:
        with pytest.raises(ModelFailure, match=r"0000\.png"):
            of_program(file, (HEIGHT, WIDTH))
    else:
        assert np.array_equal(of_program(file, encoding.pixels.shape[:2]), encoding.pixels)


def test_a_mask_is_read_exactly_or_refused_by_name(tmp_path: Path) -> None:
    for number, encoding in enumerate(ALL):
        if encoding.name == LOSSY:
            continue
        file = write(tmp_path / str(number), encoding)
        if encoding.hole is None:
            with pytest.raises(DataError, match=re.escape(file.name)):
                print(encoding, read_mask(file))  # noqa: T201 (names the encoding in a failure)
        else:
            assert np.array_equal(read_mask(file).hole, encoding.hole), encoding


def test_a_label_map_is_read_exactly_or_refused_by_name(tmp_path: Path) -> None:
    for number, encoding in enumerate(ALL):
        file = write(tmp_path / str(number), encoding)
        if encoding.hole is None or not any(sign in encoding.name for sign in ("PNG 1", "PNG L,", "PNG P", "PNG grey")):
            continue
        values = read_index_map(file)
        # Two numbers, in the places of black and white: of a palette, the indices.
        first, second = np.unique(values)
        assert np.array_equal(values == second, encoding.hole) or np.array_equal(values == first, encoding.hole)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP", "TIFF"])
def test_labels_of_other_formats_are_refused(tmp_path: Path, kind: str) -> None:
    Image.new("L", (WIDTH, HEIGHT), 1).save(tmp_path / "a.png", kind)

    with pytest.raises(DataError, match=rf"label map .*a\.png .*found a {kind} file|mode RGB"):
        read_index_map(tmp_path / "a.png")


def test_label_maps_are_turned_by_their_own_orientation(tmp_path: Path) -> None:
    (encoding,) = (one for one in ALL if one.name == "PNG L, orientation 8")

    assert encoding.hole is not None
    assert np.array_equal(read_index_map(write(tmp_path, encoding)) > 0, encoding.hole)


def test_the_limit_is_our_own_and_not_a_setting_of_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 8)  # warns from here on, and raises from the double on
    for kind in ("PNG", "BMP"):
        Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(tmp_path / "a.png", kind)

        assert read_mask(tmp_path / "a.png").hole.sum() == 128


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_a_large_picture_is_read_as_pillow_converts_it(tmp_path: Path, mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1501, 1009, 3), np.uint8)
    picture = Image.fromarray(pixels).convert(mode)
    picture.save(tmp_path / "a.png")

    found = read_picture(tmp_path / "a.png")

    np.testing.assert_array_equal(found, np.array(picture.convert("RGB")))


def test_a_picture_above_the_limit_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    (encoding,) = (one for one in ALL if "megapixels" in one.name)

    with pytest.raises(DataError, match=r"a\.png must have at most 134,217,728 pixels; found 60,000x60,000"):
        read_mask(write(tmp_path, encoding))


def test_what_is_no_clear_mask_is_measured(tmp_path: Path) -> None:
    pixels = np.zeros((10, 10, 3), np.uint8)
    pixels[0], pixels[1, :, 0], pixels[2:4] = 255, 255, 100  # white, red, grey
    Image.fromarray(pixels).save(tmp_path / "a.png")

    assert read_mask(tmp_path / "a.png").unclear == pytest.approx(0.3)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_the_alpha_channel_is_the_hole_when_it_is_asked_for(tmp_path: Path, mode: str) -> None:
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[1, 2:5], alpha[4, 7] = 0, 127
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), np.uint8)).convert(mode)
    picture.putalpha(Image.fromarray(alpha))
    picture.save(tmp_path / "a.png")

    assert np.array_equal(read_mask(tmp_path / "a.png", "transparent").hole, alpha < 128)
    assert np.array_equal(read_mask(tmp_path / "a.png", "opaque").hole, alpha >= 128)
    with pytest.raises(DataError, match="hole=transparent or hole=opaque"):
        read_mask(tmp_path / "a.png")

    picture.convert("L").save(tmp_path / "a.png")
    with pytest.raises(DataError, match="have transparent pixels"):
        read_mask(tmp_path / "a.png", "transparent")


def test_the_upright_size_of_every_picture_is_known_without_its_pixels(tmp_path: Path) -> None:
    for number, encoding in enumerate(ALL):
        file = write(tmp_path / str(number), encoding)
        if encoding.pixels is not None:
            assert upright_size(file) == encoding.pixels.shape[:2], encoding


@pytest.mark.parametrize("late", [False, True])
def test_the_orientation_of_a_png_may_lie_behind_its_pixels(tmp_path: Path, late: bool) -> None:
    (encoding,) = (one for one in ALL if one.name == "PNG L, orientation 6")
    assert encoding.pixels is not None
    data, at = encoding.data, encoding.data.index(b"eXIf") - 4
    behind = at + 12 + int.from_bytes(data[at : at + 4], "big")
    end = data.index(b"IEND") - 4
    file = tmp_path / "a.png"
    file.write_bytes(data[:at] + data[behind:end] + data[at:behind] + data[end:] if late else data)

    assert upright_size(file) == encoding.pixels.shape[:2]
    assert np.array_equal(read_picture(file), encoding.pixels)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "picture .*must fit into memory"),
        (PermissionError(13, "Permission denied"), "must be readable; found Permission denied"),
    ],
)
def test_what_the_system_says_about_a_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def read_bytes(path: Path) -> bytes:
        raise error

    monkeypatch.setattr(Path, "read_bytes", read_bytes)

    with pytest.raises(DataError, match=message):
        read_picture(tmp_path / "a.png")
