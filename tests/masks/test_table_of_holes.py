"""The same holes on every machine: their SHA-256. `python tests/masks/test_table_of_holes.py` writes the table anew."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import bench.data
import bench.masks

TABLE = Path(__file__).with_name("holes.json")
SIZES = ((256, 256), (96, 160))
KEYS = ("a", "street/0001")
STREET = {"a": 3, "street/0001": 7}
DRAWN_SCENES = ("object-and-shadow-removal@1",)  # a label map alone does not tell their holes
NAMES = [entry.name for entry in bench.masks.PROTOCOLS if not entry.name.endswith(":")]


def labels(height: int, width: int) -> np.ndarray:
    """Two blocks and a diagonal band on a ground."""
    y, x = np.mgrid[:height, :width]
    label_map = np.zeros((height, width), np.uint8)
    label_map[height // 8 : height // 2, width // 8 : width // 3] = 1
    label_map[height // 2 : height // 2 + height // 4, width // 2 : width // 2 + width // 3] = 2
    label_map[np.abs(y * width - (width - x) * height) < height * width // 20] = 3
    return label_map


def fingerprint(name: str, size: tuple[int, int], key: str) -> str:
    height, width = size
    if name in DRAWN_SCENES:
        streets = bench.data.load("streets", size=size)
        hole = bench.masks.get(name).hole(streets[STREET[key]], 0, streets)
    else:
        hole = bench.masks.draw(name, height=height, width=width, key=key, labels=labels(height, width))
    return hashlib.sha256(np.packbits(hole).tobytes()).hexdigest()


def table() -> dict[str, str]:
    return {f"{n} {s[0]}x{s[1]} {k}": fingerprint(n, s, k) for n in sorted(NAMES) for s in SIZES for k in KEYS}


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    hashes: dict[str, str] = json.loads(TABLE.read_text(encoding="utf-8"))
    return hashes


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", KEYS)
def test_a_hole_is_the_one_of_the_table(name: str, size: tuple[int, int], key: str, written: dict[str, str]) -> None:
    found = written.get(f"{name} {size[0]}x{size[1]} {key}")

    assert found == fingerprint(name, size, key), (
        f"{name} cuts another hole than the table says: published numbers under this name would no longer compare. "
        "Give the changed rule a new version; for a new protocol run `python tests/masks/test_table_of_holes.py`."
    )


def test_the_table_holds_nothing_else(written: dict[str, str]) -> None:
    assert written.keys() == {f"{n} {s[0]}x{s[1]} {k}" for n in NAMES for s in SIZES for k in KEYS}


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(), indent=1) + "\n", encoding="utf-8")
