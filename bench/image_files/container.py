"""What the bytes of a picture file say before they are decoded: its format, and whether all of it is there."""

from __future__ import annotations

import zlib
from typing import Literal, TypeAlias

__all__ = ["FORMATS", "Format", "check_whole", "find_format"]

Format: TypeAlias = Literal["BMP", "JPEG", "PNG", "TIFF", "WEBP"]
FORMATS = "BMP, JPEG, PNG, TIFF or WebP"

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_SIGNATURES: tuple[tuple[bytes, Format], ...] = (
    (_PNG_SIGNATURE, "PNG"),
    (_JPEG_START + b"\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_MOST_CHARACTERS = 200
_OTHERS = (
    (0, b"GIF8", "a GIF"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyphei", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIC picture"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"version https://git-lfs", "a pointer of Git LFS in place of the file"),
    (0, b"<", "a text such as HTML"),
)


def find_format(data: bytes) -> Format:
    """The format by the first bytes of a file, not by its suffix; raises ValueError when it is none that is read."""
    if not data:
        raise ValueError("an empty file")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    raise ValueError(next((what for at, sign, what in _OTHERS if data[at:].startswith(sign)), _describe(data)))


def _describe(data: bytes) -> str:
    """What is no picture: a short line of text may be a link that was copied as a file."""
    text = data[:_MOST_CHARACTERS].decode("utf-8", "replace").strip()
    return f"the text '{text}'" if len(data) <= _MOST_CHARACTERS and text.isprintable() else "no such picture"


def check_whole(data: bytes, name: Format) -> None:
    """Raise ValueError on truncated or damaged files that decoders may fill up with grey in silence.

    A PNG file is compared with its checksums. Of the other formats, which have none, the lengths are checked; of TIFF,
    Pillow knows them (`bench.image_files.opening`).
    """
    if name == "PNG":
        _check_png(data)
    elif name == "JPEG" and data.find(_JPEG_END, _first_scan(data)) < 0:
        raise ValueError(f"a truncated JPEG ({len(data)} bytes without an end marker)")
    elif name == "WEBP" and len(data) < 8 + int.from_bytes(data[4:8], "little"):
        raise ValueError(f"a truncated WebP ({len(data)} bytes)")
    elif name == "BMP":
        _check_bmp(data)


def _first_scan(data: bytes) -> int:
    """Where the pixels of a JPEG begin: behind its headers, which may hold a whole thumbnail with its own end."""
    at = len(_JPEG_START)
    while at < len(data) and data[at + 1 : at + 2] != b"\xda":
        fill = data[at + 1 : at + 2] == b"\xff"
        at += 1 if fill else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def _check_png(data: bytes) -> None:
    """Compare the checksums of all chunks, which Pillow does not do for pixels, up to the end chunk."""
    at, name = len(_PNG_SIGNATURE), b""
    while name != b"IEND":
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if at + 12 + length > len(data):
            raise ValueError(f"a truncated PNG ({len(data)} bytes)")
        checksum = int.from_bytes(data[at + 8 + length : at + 12 + length], "big")
        if zlib.crc32(data[at + 4 : at + 8 + length]) != checksum:
            raise ValueError(f"a damaged PNG (wrong checksum of chunk {name.decode('latin-1')})")
        at += 12 + length


def _check_bmp(data: bytes) -> None:
    """Rows are stored plainly, so that their number and width give the length; compressed ones are refused."""
    header = int.from_bytes(data[14:18], "little")
    if len(data) < 14 + max(header, 12) or header < 40:
        raise ValueError("a BMP file that is truncated or older than Windows 3.1")
    width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (18, 22))
    bits, compression = int.from_bytes(data[28:30], "little"), int.from_bytes(data[30:34], "little")
    if compression not in (0, 3):
        raise ValueError("a compressed BMP")
    if bits == 32 and compression == 0:
        raise ValueError("a BMP of 32 bits a pixel that does not say what its fourth channel is")
    if len(data) < int.from_bytes(data[10:14], "little") + abs(height) * ((abs(width) * bits + 31) // 32 * 4):
        raise ValueError(f"a truncated BMP ({len(data)} bytes)")
