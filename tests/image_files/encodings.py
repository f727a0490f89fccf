"""Small pictures in many encodings, and the pixels that each of them must give, worked out without a decoder."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["HEIGHT", "WIDTH", "Encoding", "encodings", "png"]

HEIGHT, WIDTH = 6, 10
_EXACT = {"PNG": "png", "TIFF": "tif", "WEBP": "webp", "BMP": "bmp"}
_EXIF_ORIENTATION = 0x0112

Array = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Encoding:
    """One file.

    Attributes:
        name: format, mode and what is special.
        suffix: without the dot.
        data: of the file.
        pixels: uint8 [H, W, 3], what a picture must give; None where it must be refused.
        hole: bool [H, W], what a mask must give; None where it must be refused.
    """

    name: str
    suffix: str
    data: bytes
    pixels: Array | None
    hole: npt.NDArray[np.bool_] | None

    def __str__(self) -> str:
        return self.name


def strokes() -> Array:
    """A black and white mask without any symmetry, uint8 [H, W]."""
    grey = np.zeros((HEIGHT, WIDTH), np.uint8)
    grey[1, 2:7] = grey[1:5, 2] = 255
    return grey


def png(rows: npt.NDArray[np.generic], depth: int, colour_type: int, width: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of rows that are packed already, of kinds that Pillow does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    content = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    body = b"".join(chunk(*one) for one in chunks)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def upright(array: Array, orientation: int) -> Array:
    """What EXIF 2.3 says of the orientations, in terms of where row 0 and column 0 are shown."""
    transposed = array.swapaxes(0, 1) if orientation > 4 else array
    rows, columns = {1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}[
        orientation
    ]
    return transposed[::rows, ::columns]


def encodings() -> Iterator[Encoding]:
    """All of them, each under a name of its own."""
    yield from _plain()
    yield from _turned()
    yield from _with_alpha()
    yield from _deep()
    yield from _refused()


def _encode(image: Image.Image, kind: str, orientation: int = 1, **options: object) -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = orientation
    if orientation > 1:
        options["exif"] = exif
    if kind == "WEBP":
        options.update(lossless=True, exact=True)
    image.save(file, kind, **options)
    return file.getvalue()


def _rgb(grey: Array) -> Array:
    return np.repeat(grey[..., None], 3, axis=2)


def _plain() -> Iterator[Encoding]:
    grey = strokes()
    for kind, suffix in _EXACT.items():
        for mode in ("1", "L", "P", "RGB"):
            image = Image.fromarray(grey).convert(mode)
            yield Encoding(f"{kind} {mode}", suffix, _encode(image, kind), _rgb(grey), grey > 0)
    palette = Image.fromarray(1 - grey // 255)
    palette.putpalette([255, 255, 255, 0, 0, 0])
    yield Encoding("PNG palette with white first", "png", _encode(palette, "PNG"), _rgb(grey), grey > 0)
    white = Image.fromarray(grey)
    yield Encoding("JPEG", "jfif", _encode(white, "JPEG", quality=100, subsampling=0), None, None)
    yield Encoding("PNG named JPEG", "JPG", _encode(white, "PNG"), _rgb(grey), grey > 0)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "group4"):
        image = white.convert("1") if compression == "group4" else white
        data = _encode(image, "TIFF", compression=compression)
        yield Encoding(f"TIFF {compression}", "TIFF", data, _rgb(grey), grey > 0)
    for mode in ("1", "L"):
        data = _encode(white.convert(mode), "TIFF", tiffinfo={262: 0})
        yield Encoding(f"TIFF {mode} with 0 as white", "tif", data, _rgb(grey), grey > 0)
    for depth in (1, 2, 4):
        samples = grey // 255 * ((1 << depth) - 1)
        bits = np.unpackbits(samples[..., None], axis=2)[..., -depth:].reshape(HEIGHT, -1)
        data = png(np.packbits(bits, axis=1), depth, 0, WIDTH)
        yield Encoding(f"PNG grey of {depth} bits", "png", data, _rgb(grey), grey > 0)


def _turned() -> Iterator[Encoding]:
    grey = strokes()
    for kind in ("PNG", "TIFF", "WEBP"):
        for orientation in range(2, 9):
            for mode in ("L", "RGB"):
                shown = upright(grey, orientation)
                data = _encode(Image.fromarray(grey).convert(mode), kind, orientation)
                name = f"{kind} {mode}, orientation {orientation}"
                yield Encoding(name, _EXACT[kind], data, _rgb(shown), shown > 0)


def _with_alpha() -> Iterator[Encoding]:
    grey = strokes()
    for kind in ("PNG", "TIFF", "WEBP"):
        for mode in ("LA", "RGBA"):
            opaque = Image.fromarray(grey).convert(mode)
            yield Encoding(f"{kind} {mode}, opaque", _EXACT[kind], _encode(opaque, kind), _rgb(grey), grey > 0)
            for colour, hole in (("white", grey > 0), ("black", None)):
                layer = Image.new(mode, (WIDTH, HEIGHT), colour)
                layer.putalpha(Image.fromarray(grey))
                name = f"{kind} {mode}, {colour} strokes on a transparent layer"
                yield Encoding(name, _EXACT[kind], _encode(layer, kind), None, hole)
    cut = Image.fromarray(_rgb(grey // 2 + 60))
    cut.putalpha(Image.fromarray(255 - grey))
    yield Encoding("PNG, a grey picture with a transparent hole", "png", _encode(cut, "PNG"), None, None)
    index = grey // 255
    for entries, hole in ((b"\0\xff", grey > 0), (b"\xff\x7f", None), (b"\xff\xff", grey > 0)):
        chunks = (b"PLTE", bytes([0] * 3 + [255] * 3)), (b"tRNS", entries)
        pixels = _rgb(grey) if min(entries) == 255 else None
        yield Encoding(f"PNG palette with alpha {entries.hex()}", "png", png(index, 8, 3, WIDTH, *chunks), pixels, hole)
    for name, key, hole in (("black", b"\0\0", grey > 0), ("white", b"\0\xff", None)):
        data = png(grey, 8, 0, WIDTH, (b"tRNS", key))
        yield Encoding(f"PNG grey whose {name} is transparent", "png", data, None, hole)


def _deep() -> Iterator[Encoding]:
    half = np.where(strokes() > 0, 32768, 32767).astype(np.uint16)
    image = Image.fromarray(half)
    for kind in ("PNG", "TIFF"):
        yield Encoding(f"{kind} of 16 bits", _EXACT[kind], _encode(image, kind), None, strokes() > 0)
    big = half.astype(">u2")
    for name, colour_type, channels in (("grey", 0, 1), ("RGB", 2, 3)):
        rows = np.repeat(big[..., None], channels, axis=2).reshape(HEIGHT, -1)
        yield Encoding(f"PNG of 16 bits, {name}", "png", png(rows, 16, colour_type, WIDTH), None, strokes() > 0)
    opaque = np.stack([half, np.full_like(half, 65535)], axis=2).reshape(HEIGHT, -1).astype(">u2")
    yield Encoding("PNG of 16 bits, opaque", "png", png(opaque, 16, 4, WIDTH), None, strokes() > 0)
    small = np.where(strokes() > 0, 255, 0).astype(np.uint16)  # 8-bit numbers in 16 bits: black all over
    yield Encoding("PNG of 16 bits, 0 and 255", "png", _encode(Image.fromarray(small), "PNG"), None, None)


def _refused() -> Iterator[Encoding]:
    grey = Image.fromarray(strokes())
    number = Image.fromarray(strokes().astype(np.int32) * 257)
    fraction = Image.fromarray(strokes().astype(np.float32) / 255)
    yield Encoding("TIFF of 32-bit integers", "tif", _encode(number, "TIFF"), None, None)
    yield Encoding("TIFF of fractions", "tif", _encode(fraction, "TIFF"), None, None)
    yield Encoding("TIFF of two pages", "tif", _encode(grey, "TIFF", save_all=True, append_images=[grey]), None, None)
    yield Encoding("CMYK JPEG", "jpg", _encode(grey.convert("CMYK"), "JPEG"), None, None)
    yield Encoding("CMYK TIFF", "tif", _encode(grey.convert("CMYK"), "TIFF"), None, None)
    yield Encoding("LAB TIFF", "tif", _encode(Image.new("LAB", grey.size), "TIFF"), None, None)
    fourth = Image.merge("RGBX", [grey] * 4)
    yield Encoding("TIFF with a fourth channel", "tif", _encode(fourth, "TIFF"), None, None)
    yield Encoding("BMP with alpha", "bmp", _encode(grey.convert("RGBA"), "BMP"), None, None)
    bmp = bytearray(_encode(grey, "BMP"))
    bmp[30] = 1
    yield Encoding("BMP of run lengths", "bmp", bytes(bmp), None, None)
    bmp[14] = 12
    yield Encoding("BMP of OS/2", "bmp", bytes(bmp), None, None)
    yield Encoding("TIFF of 16 bits with 0 as white", "tif", _white_is_zero(), None, None)
    other = Image.new("L", grey.size)
    for kind in ("PNG", "WEBP"):
        moving = _encode(grey, kind, save_all=True, append_images=[other])
        yield Encoding(f"{kind} animation", _EXACT[kind], moving, None, None)
    yield Encoding("GIF named PNG", "png", _encode(grey, "GIF"), None, None)
    yield Encoding("no bytes", "png", b"", None, None)
    yield Encoding("a link that was copied as a file", "png", b"../elsewhere/a.png", None, None)
    yield Encoding("a pointer of Git LFS", "png", b"version https://git-lfs.github.com/spec/v1\n", None, None)
    bomb = png(np.zeros((1, 1), np.uint8), 8, 0, 1)
    size = struct.pack(">II", 60_000, 60_000) + bomb[24:29]
    bomb = bomb[:16] + size + struct.pack(">I", zlib.crc32(b"IHDR" + size)) + bomb[33:]
    yield Encoding("PNG of a claimed 3600 megapixels", "png", bomb, None, None)
    for kind, suffix in _EXACT.items():
        whole = _encode(grey.convert("RGB").resize((90, 60)), kind)
        for kept in (len(whole) // 2, len(whole) * 9 // 10, len(whole) - 2):
            yield Encoding(f"{kind} of {kept} of {len(whole)} bytes", suffix, whole[:kept], None, None)


def _white_is_zero() -> bytes:
    """Pillow does not invert these samples."""
    data = bytearray(_encode(Image.fromarray(strokes().astype(np.uint16) * 257), "TIFF"))
    entry = data.index(struct.pack("<HHIHH", 262, 3, 1, 1, 0))
    data[entry + 8] = 0
    return bytes(data)
