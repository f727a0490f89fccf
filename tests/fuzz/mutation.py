"""Hostile variants of valid files: bytes that are changed blindly, and changes that keep a format's own checks."""

from __future__ import annotations

import copy
import io
import json
import lzma
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["MUTATORS", "Mutator"]

Mutator = Callable[[random.Random, bytes], bytes]

_NUMBERS = (0, 1, 2, 7, 8, 16, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 1 << 24, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 40)
_TOKENS = (
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\x1b[31m",
    b"\xe2\x80\xae",
    b"../../etc/passwd",
    b"/etc/passwd",
    b"..\\..\\x",
    b"CON",
    b"9" * 5000,
    b"-",
    b"=",
    b"[" * 2000,
    b"{" * 2000,
    b"NaN",
    b"1e999",
    b"-0",
    b"0x",
    b"\n",
    b"\r\n",
    b"\xe2\x80\xa8",
    b":",
    b",",
    b"&a [*a]",
    b"!!python/object/apply:os.system ['true']",
    b"<<: ",
    b"\xef\xbb\xbf",
    b"%",
    b"?",
    b"@",
    b"e9",
    b".",
    b"|",
    b'"',
)
_RAW = "\u0001raw:"
_TEXTS = (
    "",
    "x",
    " ",
    "x" * 20_000,
    "\0",
    "\x1b[2J\x1b]0;title\x07",
    "\u202eevil",
    "a\nb",
    "a\r",
    "\ud800",
    "\udcff",
    "../../x",
    "/etc/passwd",
    "..",
    ".",
    "C:\\x",
    "\\\\host\\x",
    "CON",
    "nul.png",
    "a.",
    "a ",
    "~/x",
    "$(touch x)",
    "`x`",
    "-rf",
    "=1+1",
    "<script>",
    "a|b",
    "%s",
    "{0.__class__}",
    "e\u0301",
    "\ufeff",
    "1",
    "true",
    "null",
    "inf",
    "nan",
    "-inf",
    "1e400",
    "psnr.hole",
    "psnr.hole.x.y",
    "files:/etc",
    "python:/etc/passwd:f",
    "center-50@1",
    "٣",
    "²",
    "1_000",
    "0x10",
    "é" * 300,
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    0.5,
    -0.0,
    255,
    256,
    1 << 31,
    1 << 53,
    1 << 63,
    1 << 64,
    -(1 << 63) - 1,
    10**40,
    10**400,
    1e308,
    5e-324,
    [],
    {},
    [[]],
    [None],
    [0],
    [""],
    {"": None},
    {"a": {}},
    [1, 2],
    [1.5, "x"],
    [0] * 1000,
    ["a"] * 1000,
    f"{_RAW}NaN",
    f"{_RAW}Infinity",
    f"{_RAW}-Infinity",
    f"{_RAW}1e999",
    f"{_RAW}-1e999",
    f"{_RAW}{'9' * 5000}",
    f"{_RAW}{'[' * 3000}{']' * 3000}",
    _RAW + '{"a":' * 2000 + "1" + "}" * 2000,
    f'{_RAW}{{"a":1,"a":2}}',
    f"{_RAW}",
    f"{_RAW}01",
    f"{_RAW}.5",
    f"{_RAW}'x'",
    f'{_RAW}"\\ud800"',
    f'{_RAW}"\\u0000"',
    f'{_RAW}"\t"',
)


def blind(rng: random.Random, data: bytes) -> bytes:
    """One to four changes that know nothing of the format."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(found) + 1)
        kind = rng.randrange(9)
        if kind == 0:
            del found[at:]
        elif kind == 1 and found:
            found[at % len(found)] ^= 1 << rng.randrange(8)
        elif kind == 2:
            size, order = rng.choice((1, 2, 4, 8)), rng.choice(("little", "big"))
            number = rng.choice(_NUMBERS) % (1 << 8 * size)
            found[at : at + size] = number.to_bytes(size, order)  # type: ignore[arg-type]  # one of the two literals
        elif kind == 3:
            del found[at : at + rng.choice((1, 2, 8, 64))]
        elif kind == 4:
            found[at:at] = found[at : at + rng.choice((1, 8, 64))] * rng.choice((1, 2, 50))
        elif kind in (5, 6):
            found[at:at] = rng.choice(_TOKENS)
        elif kind == 7:
            found[at:at] = rng.randbytes(rng.choice((1, 4, 32)))
        else:
            end = rng.randrange(len(found) + 1)
            found[at : at + 16] = found[end : end + 16]
    return bytes(found)


def _json_text(value: Any, rng: random.Random) -> str:
    """JSON with the raw pieces that no writer writes."""
    text = json.dumps(value, ensure_ascii=rng.random() < 0.2)
    if _RAW in text or "\\u0001raw:" in text:
        parts = text.replace("\\u0001raw:", _RAW).split(f'"{_RAW}')
        for index in range(1, len(parts)):
            raw, quote, rest = _string_end(parts[index])
            parts[index] = json.loads(f'"{raw}"') + rest if quote else parts[index]
        text = "".join(parts)
    return text


def _string_end(text: str) -> tuple[str, bool, str]:
    at = 0
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return text[:at], at < len(text), text[at + 1 :]


def _places(value: Any) -> list[tuple[Any, Any]]:
    found, queue = [], [value]
    while queue:
        one = queue.pop()
        for key in one if isinstance(one, dict) else range(len(one)):
            found.append((one, key))
            if isinstance(one[key], dict | list):
                queue.append(one[key])
    return found


def _change_tree(rng: random.Random, tree: Any) -> Any:
    tree = [tree]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = _places(tree)
        if not places:  # an earlier change left nothing to change
            break
        parent, key = rng.choice(places)
        kind = rng.randrange(8)
        if kind in (0, 1):
            parent[key] = copy.deepcopy(rng.choice(_VALUES))
        elif kind in (2, 3):
            parent[key] = rng.choice(_TEXTS)
        elif kind == 4 and parent is not tree:
            del parent[key]
        elif kind == 5 and isinstance(parent, dict):
            parent[rng.choice((*_TEXTS, "format", "a"))] = parent[key] if rng.random() < 0.5 else parent.pop(key)
        elif kind == 6 and isinstance(parent[key], int | float) and not isinstance(parent[key], bool):
            with suppress(OverflowError):  # a whole number that no float holds stays
                parent[key] = parent[key] * rng.choice((-1, 0.5, 2, 1000)) + rng.choice((0, 1, -1, 0.5))
        else:
            other, place = rng.choice(places)
            if (isinstance(other, list) and place >= len(other)) or (isinstance(other, dict) and place not in other):
                continue
            parent[key] = copy.deepcopy(other[place])
    return tree[0] if tree else None


def json_file(rng: random.Random, data: bytes) -> bytes:
    """A JSON document with other values, names and numbers; sometimes changed blindly."""
    if rng.random() < 0.25:
        return blind(rng, data)
    try:
        tree = json.loads(data)
    except ValueError:
        return blind(rng, data)
    return _json_text(_change_tree(rng, tree), rng).encode("utf-8", "surrogatepass")


def json_lines(rng: random.Random, data: bytes) -> bytes:
    """Lines of JSON, of which one or two are changed, doubled or left out."""
    lines = data.split(b"\n")[:-1]
    if rng.random() < 0.2 or not lines:
        return blind(rng, data)
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(len(lines))
        lines[at] = json_file(rng, lines[at])
        if rng.random() < 0.1:
            lines.insert(at, lines[rng.randrange(len(lines))])
    return b"\n".join(lines) + (b"\n" if rng.random() < 0.9 else b"")


def yaml_file(rng: random.Random, data: bytes) -> bytes:
    """YAML: as a JSON tree, which it includes, or blindly with its own tokens."""
    import yaml

    if rng.random() < 0.6 or b"&" in data:  # an alias: to load it here may take all memory
        return blind(rng, data)
    try:
        tree = yaml.safe_load(data)
        return _json_text(_change_tree(rng, tree), rng).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, ValueError, TypeError):
        return blind(rng, data)


def xz_json(rng: random.Random, data: bytes) -> bytes:
    """A JSON document in an xz file."""
    if rng.random() < 0.2:
        return blind(rng, data)
    return lzma.compress(json_file(rng, lzma.decompress(data)), preset=0)


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
    size = len(header) if rng.random() < 0.9 else rng.choice(_NUMBERS)
    return struct.pack("<Q", size) + header + data[8 + length :]


MUTATORS: dict[str, Mutator] = {
    "bytes": blind,
    "json": json_file,
    "jsonl": json_lines,
    "yaml": yaml_file,
    "xz": xz_json,
    "picture": picture,
    "zip": zip_file,
    "tensors": tensors,
}
"""By kind of file."""
