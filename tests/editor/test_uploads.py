"""What is uploaded: pictures that are read exactly and brought to size, or a refusal in words."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from bench.editor.encoding import from_data_url, read_hole, read_labels, to_data_url
from bench.editor.uploads import MOST_BYTES, read_upload
from bench.errors import DataError, TooLarge
from bench.image_files.sizes import resize_picture
from bench.pictures import png_bytes

NOISE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def claiming(height: int, width: int) -> bytes:
    """A PNG file of a few bytes that claims a size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = b"".join(
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (header, data, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.fromarray(NOISE), "PNG", exif=exif)


FRAMES = [Image.fromarray(NOISE), Image.fromarray(NOISE[::-1])]
REFUSED = {
    "be a whole BMP, JPEG, PNG, TIFF or WebP picture; found an empty file": b"",
    "found the text 'hello'": b"hello",
    "found a GIF": encoded(FRAMES[0], "GIF"),
    "found a text such as HTML": b"<svg xmlns='http://www.w3.org/2000/svg'>" + b" " * 300,
    "found a truncated PNG": encoded(FRAMES[0])[:-40],
    "found 16 bits a sample": encoded(Image.fromarray(np.zeros((40, 40), np.uint16))),
    "found mode CMYK": encoded(FRAMES[0].convert("CMYK"), "JPEG"),
    "found transparent pixels": encoded(Image.fromarray(np.zeros((40, 40, 4), np.uint8))),
    "found an animation": encoded(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:]),
    "found 2 pages": encoded(FRAMES[0], "TIFF", save_all=True, append_images=FRAMES[1:]),
    "have at least 32 pixels a side; found 31x96": encoded(Image.fromarray(NOISE[:31])),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_no_plain_picture_is_refused_in_words(words: str) -> None:
    with pytest.raises(DataError) as raised:
        read_upload(REFUSED[words], "beach.png", 128)
    assert words in str(raised.value)
    assert "beach.png" in str(raised.value)
    assert not isinstance(raised.value, TooLarge)


@pytest.mark.parametrize("data", [claiming(30_000, 30_000), bytes(MOST_BYTES + 1)], ids=["pixels", "bytes"])
def test_what_is_too_large_is_refused_before_it_is_decoded(data: bytes) -> None:
    with pytest.raises(TooLarge, match=r"at most [\d,]+ (pixels|bytes)"):
        read_upload(data, "huge.png", 128)


def test_a_picture_that_fits_keeps_its_pixels_and_its_id_follows_from_them() -> None:
    found = read_upload(png_bytes(NOISE), "a.png", 128)

    np.testing.assert_array_equal(found.sample.image, NOISE)
    assert (found.note, found.sample.labels, found.dataset_name) == ("", None, "")
    assert read_upload(encoded(FRAMES[0], "BMP"), "b.bmp", 256).sample.id == found.sample.id
    assert read_upload(png_bytes(255 - NOISE), "a.png", 128).sample.id != found.sample.id


def test_a_turned_picture_stands_upright() -> None:
    found = read_upload(rotated(), "phone.png", 128)

    np.testing.assert_array_equal(found.sample.image, np.rot90(NOISE, -1))
    assert found.note == "The picture is turned upright."


@pytest.mark.parametrize(
    ("size", "side", "expected", "done"),
    [
        ((300, 200), 128, (192, 128), "scaled"),
        ((301, 203), 128, (184, 128), "cropped and scaled"),
        ((101, 99), 128, (96, 96), "cropped"),
        ((40, 900), 128, (40, 120), "cropped"),
        ((256, 256), 256, (256, 256), ""),
    ],
)
def test_sizes_and_what_is_said_of_them(size: tuple[int, int], side: int, expected: tuple[int, int], done: str) -> None:
    picture = np.asarray(Image.fromarray(NOISE).resize(size[::-1]))

    found = read_upload(png_bytes(picture), "a.png", side)

    assert found.size == expected
    assert done in found.note
    assert bool(found.note) == bool(done)
    if "scaled" in done:
        np.testing.assert_array_equal(found.sample.image, resize_picture(picture, expected))
    else:
        top, left = ((length - kept) // 2 for length, kept in zip(size, expected, strict=True))
        rows, columns = slice(top, top + expected[0]), slice(left, left + expected[1])
        np.testing.assert_array_equal(found.sample.image, picture[rows, columns])


@given(height=st.integers(32, 400), width=st.integers(32, 400), side=st.sampled_from([128, 256, 512]))
def test_every_size_becomes_one_that_models_take(height: int, width: int, side: int) -> None:
    found = read_upload(encoded(Image.new("RGB", (width, height), "teal"), "BMP"), "a.bmp", side)

    assert found.size[0] % 8 == found.size[1] % 8 == 0
    assert 32 <= min(found.size) <= min(side, height, width)
    assert max(found.size) <= 3 * (min(found.size) + 8)
    assert (found.sample.image == (0, 128, 128)).all()


@given(
    data=st.binary(max_size=400), head=st.sampled_from([b"", encoded(FRAMES[0])[:60], b"\xff\xd8\xff", b"BM", b"II*\0"])
)
@example(data=b"", head=encoded(FRAMES[0]))
def test_any_bytes_are_a_picture_or_refused(data: bytes, head: bytes) -> None:
    with suppress(DataError):
        assert read_upload(head + data, "x", 128).size == (64, 96)


HOLE = np.zeros((48, 64), bool)
HOLE[10:20, 5:30] = True
LABELS = (np.arange(48 * 64).reshape(48, 64) % 3).astype(np.uint8)
THREE = ("a", "b", "c")


def decoded(array: np.ndarray) -> bytes:
    return from_data_url(to_data_url(array), "hole", 100_000)


def canvas(plane: np.ndarray) -> bytes:
    """The file that a canvas of a browser gives."""
    opaque = np.full_like(plane, 255)
    return encoded(Image.fromarray(np.stack([plane, plane, plane, opaque], axis=2)))


def test_holes_and_labels_travel_unchanged_from_arrays_and_from_a_canvas() -> None:
    for data in (decoded(HOLE), canvas(HOLE.astype(np.uint8) * 255), encoded(Image.fromarray(HOLE))):
        np.testing.assert_array_equal(read_hole(data, (48, 64)), HOLE)
    for data in (decoded(LABELS), canvas(LABELS), encoded(Image.fromarray(LABELS).convert("P"))):
        np.testing.assert_array_equal(read_labels(data, (48, 64), THREE), LABELS)


def test_a_hole_of_one_pixel_is_a_hole() -> None:
    one = np.zeros((48, 64), bool)
    one[47, 63] = True

    np.testing.assert_array_equal(read_hole(decoded(one), (48, 64)), one)


def with_one(value: int) -> np.ndarray:
    changed = LABELS.copy()
    changed[3, 4] = value
    return changed


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (decoded(~HOLE | HOLE), "a hole over everything"),
        (decoded(HOLE & ~HOLE), "have a pixel"),
        (decoded(HOLE[:, :-1]), "be as large as the picture, 48x64, height x width; found 48x63"),
        (encoded(FRAMES[0]), "colours"),
        (encoded(Image.fromarray(np.zeros((48, 64, 4), np.uint8))), "transparent"),
        (encoded(Image.fromarray(NOISE[..., 0]), "JPEG"), "a JPEG file"),
        (claiming(4000, 4000), "pixels"),
        (b"no picture", "the text 'no picture'"),
    ],
)
def test_a_hole_that_does_not_fit_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_hole(data, (48, 64))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (decoded(with_one(3)), "0 to 2; found index 3"),
        (decoded(with_one(255)), r"unlabelled pixels \(255\)"),
        (encoded(Image.new("RGB", (64, 48), (1, 2, 3))), "colour rendering"),
        (decoded(LABELS[1:]), "48x64"),
    ],
)
def test_labels_that_do_not_fit_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_labels(data, (48, 64), THREE)


@pytest.mark.parametrize(
    "url", ["", "http://host/a.png", "data:image/png,abc", "data:image/png;base64,***", "data:image/png;base64,abc"]
)
def test_what_is_no_data_url_is_refused(url: str) -> None:
    with pytest.raises(DataError, match="base64"):
        from_data_url(url, "hole", 100)


def test_a_data_url_of_too_many_bytes_is_refused() -> None:
    assert from_data_url("data:image/png;charset=x;base64,AAAA", "hole", 3) == bytes(3)
    with pytest.raises(TooLarge):
        from_data_url("data:image/png;base64," + "A" * 200, "hole", 100)
