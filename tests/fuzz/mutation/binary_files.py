"""Pictures, ZIP files with arrays, and safetensors files whose own checks still hold."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

from tests.fuzz.mutation.blind import blind
from tests.fuzz.mutation.hostile_values import NUMBERS
from tests.fuzz.mutation.text_files import json_file

__all__ = ["picture", "tensors", "zip_file"]


def picture(rng: random.Random, data: bytes) -> bytes:
    """A picture file; the checksums of a PNG are made right again, most of the time."""
    if data.startswith(b"\x89PNG") and rng.random() < 0.8:
        return _png(rng, data)
    return blind(rng, data)


def _png(rng: random.Random, data: bytes) -> bytes:
    chunks, at = [], 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    for _ in range(rng.choice((1, 1, 2))):
        if not chunks:
            break
        at = rng.randrange(len(chunks))
        name, content = chunks[at]
        kind = rng.randrange(7)
        if kind == 0 and name == b"IHDR":
            width, height = (rng.choice((0, 1, 9, 4096, 100_000, 0x7FFFFFFF, 0xFFFFFFFF)) for _ in range(2))
            chunks[at] = name, struct.pack(">II", width, height) + content[8:]
        elif kind == 1:
            chunks.insert(at, rng.choice(chunks))
        elif kind == 2:
            extra = rng.choice(
                (
                    b"tRNS",
                    b"eXIf",
                    b"acTL",
                    b"fcTL",
                    b"fdAT",
                    b"PLTE",
                    b"gAMA",
                    b"zTXt",
                    b"iCCP",
                    b"cHRM",
                    b"iTXt",
                    b"pHYs",
                )
            )
            packed = b"key\0\0" + zlib.compress(bytes(rng.choice((10, 100_000))))
            chunks.insert(at, (extra, rng.choice((b"", bytes(6), bytes(26), packed, rng.randbytes(40)))))
        elif kind == 3 and name == b"IDAT":
            chunks[at] = name, zlib.compress(bytes(rng.choice((0, 10, 10_000, 1_000_000))), 1)
        elif kind == 4 and len(chunks) > 1:
            del chunks[at]
        else:
            chunks[at] = name, blind(rng, content)
    found = data[:8]
    for name, content in chunks:
        right = rng.random() < 0.97
        found += (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content) if right else 0)
        )
    return found


def zip_file(rng: random.Random, data: bytes) -> bytes:
    """A zip archive whose members are changed, renamed, doubled or packed in another way."""
    if rng.random() < 0.3:
        return blind(rng, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(members))
        name, content = members[at]
        kind = rng.randrange(6)
        if kind == 0:
            members[at] = (
                rng.choice(("../x.npy", "/x.npy", "samples.npy", "fid.npy", "truth-fid.npy", "x", "", "a/b.npy")),
                content,
            )
        elif kind == 1 and len(members) > 1:
            del members[at]
        elif kind == 2:
            members[at] = name, _npy_header(rng, content)
        elif kind == 3:
            members.append(members[at])
        else:
            members[at] = name, blind(rng, content)
    out = io.BytesIO()
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(out, "w", rng.choice((0, 0, 8, 12, 14))) as archive:
            for name, content in members:
                archive.writestr(zipfile.ZipInfo(name or "x"), content)
    return out.getvalue()


def _npy_header(rng: random.Random, content: bytes) -> bytes:
    """Another dtype, order or shape in the header of an array."""
    shape = rng.choice(
        (
            "(3,)",
            "(1000000000000,)",
            "(-1,)",
            "()",
            "(0,)",
            "(0, 4)",
            "(2, 2, 2)",
            "(True,)",
            "(1e9,)",
            "x",
            "(4294967296, 4294967296)",
        )
    )
    kind = rng.choice(
        (
            "'<f4'",
            "'|O'",
            "'<U9'",
            "'<U100000000'",
            "'<f8'",
            "'<i8'",
            "'<c16'",
            "'|V8'",
            "[('a', '<f4')]",
            "'<M8[s]'",
            "'|b1'",
        )
    )
    header = f"{{'descr': {kind}, 'fortran_order': {rng.choice(('False', 'True', '0'))}, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + content[128:]


def tensors(rng: random.Random, data: bytes) -> bytes:
    """A safetensors file with another header."""
    if rng.random() < 0.4:
        return blind(rng, data)
    length = int.from_bytes(data[:8], "little")
    header = json_file(rng, data[8 : 8 + length])
    size = len(header) if rng.random() < 0.9 else rng.choice(NUMBERS)
    return struct.pack("<Q", size) + header + data[8 + length :]
