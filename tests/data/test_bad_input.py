from __future__ import annotations

import io
import json
import logging
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

import bench.data
from bench.errors import DataError, UnknownName, UsageError
from bench.vocabulary import Sample

Write = Callable[..., Path]


def only_picture(root: Path) -> Sample:
    return bench.data.load("folder", size=None, root=root)[0]


def save(root: Path, image: Image.Image, name: str = "a.png", folder: str = "images", **options: Any) -> Path:
    path = root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def png(values: np.ndarray, depth: int, colour_type: int) -> bytes:
    """A PNG of rows that are already packed, for depths that Pillow does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = values.shape[0], values.shape[1] * 8 // (depth * (3 if colour_type == 2 else 1))
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def photo() -> Image.Image:
    """Smooth with some noise: a truncated file of it holds a good part of the picture."""
    y, x = np.mgrid[0:96, 0:128]
    grey = 120 + 60 * np.sin(x / 9) + 40 * np.cos(y / 7) + np.random.default_rng(0).normal(0, 6, (96, 128))
    return Image.fromarray(np.stack([grey, grey * 0.8, grey * 0.6], -1).clip(0, 255).astype(np.uint8))


def encoded(suffix: str, **options: Any) -> bytes:
    file = io.BytesIO()
    photo().save(file, {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[suffix], **options)
    return file.getvalue()


# The data set as a whole: told when it is opened.


@pytest.mark.parametrize("name", ["folder", "camvid", "cityscapes", "cityscapes-19", "cityscapes-8", "voc", "helen"])
def test_a_dataset_of_files_must_be_told_where_they_are(name: str) -> None:
    with pytest.raises(UsageError, match="--data-root"):
        bench.data.load(name)


@pytest.mark.parametrize(
    ("name", "split"),
    [("folder", "test"), ("camvid", "test"), ("cityscapes", "val"), ("ade20k", "val"), ("voc", "val")],
)
def test_an_empty_or_missing_folder_is_refused(tmp_path: Path, name: str, split: str) -> None:
    with pytest.raises(
        DataError, match=r"must be there.*--data-root|must hold.*--data-root|must hold.*Put the pictures"
    ):
        bench.data.load(name, split, root=tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        bench.data.load(name, split, root=tmp_path / "nowhere")


def test_a_folder_without_pictures_is_refused_and_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match="an empty folder"):
        bench.data.load("folder", root=tmp_path)

    (tmp_path / "images" / "a.gif").write_bytes(b"x")
    with pytest.raises(DataError, match=r"\.webp.*only others such as a\.gif"):
        bench.data.load("folder", root=tmp_path)


def test_an_unknown_dataset_or_split_is_refused_with_a_suggestion(folder: Path, write_text: Write) -> None:
    write_text(folder / "splits" / "train.txt", "a")

    with pytest.raises(UnknownName, match="Did you mean cityscapes"):
        bench.data.load("cityscape", root=folder)
    with pytest.raises(UnknownName, match="Did you mean train"):
        bench.data.load("folder", "trrain", root=folder)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(folder: Path, limit: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        bench.data.load("folder", root=folder, limit=limit)


@pytest.mark.parametrize("size", [(0, 256), 256])
def test_a_size_that_is_none_is_refused(folder: Path, size: object) -> None:
    with pytest.raises(UsageError, match="height, width"):
        bench.data.load("folder", size=size, root=folder)  # type: ignore[arg-type]


def test_two_pictures_with_one_id_are_refused(folder: Path, write_picture: Write) -> None:
    write_picture(folder / "images" / "a.jpg")

    with pytest.raises(DataError, match=r"'a'.*a\.jpg and a\.png"):
        bench.data.load("folder", root=folder)


def test_a_split_file_that_names_a_picture_twice_is_refused(folder: Path, write_text: Write) -> None:
    write_text(folder / "splits" / "test.txt", "a", "b", "a")

    with pytest.raises(DataError, match=r"'a' must name one picture"):
        bench.data.load("folder", root=folder)


def test_a_split_file_that_names_a_missing_picture_is_refused(folder: Path, write_text: Write) -> None:
    write_text(folder / "splits" / "test.txt", "a", "z1", "z2", "z3", "z4")

    with pytest.raises(DataError, match=r"test\.txt.*'z1', 'z2', 'z3' and 1 more without a picture"):
        bench.data.load("folder", root=folder)


def test_a_split_file_without_names_is_refused(folder: Path, write_text: Write) -> None:
    write_text(folder / "splits" / "test.txt", "")
    with pytest.raises(DataError, match="no name"):
        bench.data.load("folder", root=folder)

    (folder / "splits" / "test.txt").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(DataError, match="text file of names"):
        bench.data.load("folder", root=folder)


def test_a_missing_label_map_is_refused(folder: Path) -> None:
    (folder / "labels" / "b.png").unlink()

    with pytest.raises(DataError, match=r"labels.*label map for every picture.*'b'"):
        bench.data.load("folder", root=folder)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"classes": "sky"}',
        '{"classes": []}',
        '{"classes": [1]}',
        '{"classes": ["a", "a"]}',
        '{"classes": ["a"], "objects": ["b"]}',
        '{"classes": ["a"], "ignore": "none"}',
        '{"classes": ["a"], "ignore": -1}',
        json.dumps({"classes": [f"c{index}" for index in range(256)]}),
    ],
)
def test_a_wrong_classes_file_is_refused(folder: Path, text: str) -> None:
    (folder / "classes.json").write_text(text, encoding="utf-8")

    with pytest.raises(DataError, match=r"classes\.json must be \{"):
        bench.data.load("folder", root=folder)


def test_labels_without_a_classes_file_are_refused(folder: Path) -> None:
    (folder / "classes.json").unlink()

    with pytest.raises(DataError, match=r"classes\.json"):
        bench.data.load("folder", root=folder)


# Pictures: told when the sample is read.


@pytest.mark.parametrize("tolerant", [False, True])
@pytest.mark.parametrize(
    ("suffix", "options"),
    [("jpg", {}), ("jpg", {"progressive": True}), ("png", {}), ("webp", {}), ("webp", {"lossless": True})],
)
def test_a_truncated_picture_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, options: dict[str, object], tolerant: bool
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", tolerant)  # some model code sets it for the whole process
    data = encoded(suffix, **options)
    path = tmp_path / "images" / f"a.{suffix}"
    path.parent.mkdir()
    for kept in (0, 1, 10, 100, len(data) // 3, len(data) // 2, len(data) * 9 // 10, len(data) - 20, len(data) - 2):
        path.write_bytes(data[:kept])
        with pytest.raises(DataError, match=rf"a\.{suffix} must be a whole"):
            only_picture(tmp_path)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_picture_whose_end_is_zeros_is_refused(tmp_path: Path, suffix: str) -> None:
    data = encoded(suffix)
    path = tmp_path / "images" / f"a.{suffix}"
    path.parent.mkdir()
    path.write_bytes(data[: len(data) // 2].ljust(len(data), b"\0"))  # a download that was broken off

    with pytest.raises(DataError, match="must be a whole"):
        only_picture(tmp_path)


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    plain, thumbnail = encoded("jpg"), encoded("jpg", quality=10)
    data = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + plain[2:]
    path = tmp_path / "images" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(data + b"\xff\xda and what some phones append")
    assert only_picture(tmp_path).image.shape == (96, 128, 3)

    path.write_bytes(data[: -len(plain) // 2])
    with pytest.raises(DataError, match="truncated JPEG"):
        only_picture(tmp_path)


def test_a_flipped_bit_in_a_png_is_refused(tmp_path: Path) -> None:
    data = bytearray(encoded("png"))
    data[len(data) // 2] ^= 1
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(data)

    with pytest.raises(DataError, match="must be a whole"):
        only_picture(tmp_path)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"GIF89a" + bytes(40)])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(content)

    with pytest.raises(DataError, match=r"a\.png must be a whole BMP, JPEG, PNG, TIFF or WebP"):
        only_picture(tmp_path)


def test_a_picture_that_went_away_is_refused(folder: Path) -> None:
    dataset = bench.data.load("folder", root=folder)
    (folder / "images" / "a.png").unlink()

    with pytest.raises(DataError, match=r"a\.png must be readable"):
        dataset[0]
    with pytest.raises(DataError, match=r"a\.png must be readable"):
        _ = dataset.revision


def test_pictures_of_16_bits_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, Image.fromarray(np.zeros((4, 4), np.uint16)))
    with pytest.raises(DataError, match="16 bits a sample"):
        only_picture(tmp_path)

    path.write_bytes(png(np.zeros((4, 4 * 6), np.uint8), depth=16, colour_type=2))  # Pillow would drop half the bits
    with pytest.raises(DataError, match="16 bits a sample"):
        only_picture(tmp_path)


def test_cmyk_and_animations_are_refused(tmp_path: Path) -> None:
    save(tmp_path, photo().convert("CMYK"), "a.jpg")
    with pytest.raises(DataError, match="mode CMYK"):
        only_picture(tmp_path)

    (tmp_path / "images" / "a.jpg").unlink()
    save(tmp_path, photo(), "a.webp", save_all=True, append_images=[photo().rotate(90)])
    with pytest.raises(DataError, match="an animation"):
        only_picture(tmp_path)


def test_transparent_pixels_are_refused_and_an_opaque_channel_is_dropped(tmp_path: Path) -> None:
    image = photo().convert("RGBA")
    save(tmp_path, image)
    assert np.array_equal(only_picture(tmp_path).image, np.asarray(photo()))

    image.putpixel((3, 3), (0, 0, 0, 254))
    save(tmp_path, image)
    with pytest.raises(DataError, match="must be opaque"):
        only_picture(tmp_path)

    palette = Image.new("P", (4, 4))
    save(tmp_path, palette, transparency=0)
    with pytest.raises(DataError, match="must be opaque"):
        only_picture(tmp_path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB"])
def test_other_pictures_become_rgb(tmp_path: Path, mode: str) -> None:
    image = photo().convert(mode)
    save(tmp_path, image)

    assert np.array_equal(only_picture(tmp_path).image, np.asarray(image.convert("RGB")))


def test_a_jpeg_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees clockwise
    save(tmp_path, photo(), "a.jpg", exif=exif, quality=95)

    upright = only_picture(tmp_path).image

    assert upright.shape == (128, 96, 3)
    turned = np.asarray(photo().transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert np.abs(upright - turned).mean() < 5  # JPEG loses a little


# Label maps: told when the sample is read.


def test_labels_of_another_size_are_refused(folder: Path, write_labels: Write) -> None:
    write_labels(folder / "labels" / "a.png", [0], height=13)

    with pytest.raises(DataError, match=r"a\.png must be as large as its picture \(12x16.*found 13x16"):
        only_picture(folder)


def test_labels_that_are_no_class_are_refused_by_value(folder: Path, write_labels: Write) -> None:
    write_labels(folder / "labels" / "a.png", [0, 2, 77])

    with pytest.raises(DataError, match=r"a\.png must hold only 0, 1, 200, 255; found 2, 77 in 128 pixels"):
        only_picture(folder)


def test_a_single_wrong_pixel_is_found_at_any_size(folder: Path, write_labels: Write) -> None:
    stored = np.zeros((12, 16), np.uint8)
    stored[0, 0] = 9
    write_labels(folder / "labels" / "a.png", stored)

    with pytest.raises(DataError, match="found 9 in 1 pixels"):
        bench.data.load("folder", size=(2, 2), root=folder)[0]


def test_colours_are_no_labels(folder: Path, write_picture: Write) -> None:
    write_picture(folder / "labels" / "a.png")

    with pytest.raises(DataError, match=r"mode RGB.*index map"):
        only_picture(folder)


def test_labels_of_16_bits_are_read(folder: Path) -> None:
    stored = np.array([[0, 1] * 8] * 12, np.uint16)
    save(folder, Image.fromarray(stored), folder="labels")
    labels = only_picture(folder).labels
    assert labels is not None
    assert np.array_equal(labels, stored)

    stored[0, 0] = 256  # not 0
    save(folder, Image.fromarray(stored), folder="labels")
    with pytest.raises(DataError, match="found 256 in 1 pixels"):
        only_picture(folder)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_packed_grey_labels_are_not_stretched(folder: Path, depth: int) -> None:
    packed = np.zeros((12, 16 * depth // 8), np.uint8)
    packed[:, 0] = 1 << (8 - depth)  # the first pixel is 1
    (folder / "labels" / "a.png").write_bytes(png(packed, depth, colour_type=0))

    labels = only_picture(folder).labels

    assert labels is not None
    assert labels[0].tolist() == [1] + [0] * 15


# Not an error.


def test_enlarging_is_warned_about_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "bench"):
        list(bench.data.load("folder", size=(12, 12), root=folder))
        assert not caplog.records
        list(bench.data.load("folder", size=(13, 13), root=folder))

    assert [record.name for record in caplog.records] == ["bench"]
    assert "the first is a, of which 12x12 become 13x13" in caplog.text


def test_masks_among_the_pictures_are_warned_about(
    folder: Path, write_picture: Write, write_labels: Write, caplog: pytest.LogCaptureFixture
) -> None:
    write_picture(folder / "images" / "a_mask001.png")
    write_labels(folder / "labels" / "a_mask001.png", [0])

    with caplog.at_level(logging.WARNING, "bench"):
        bench.data.load("folder", root=folder)

    assert "1 of 4 pictures look like masks of others ('a_mask001')" in caplog.text
