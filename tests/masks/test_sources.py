from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import bench.data
import bench.masks
from bench.errors import DataError, UsageError

SIDE = 512
INSIDE, OUTSIDE = [1, 3, 1000, 40, 100_000, 5_000], [4, 996, 1040, 98_960, 105_000, 157_145]


def decode(runs: list[Any]) -> np.ndarray:
    """Pixel by pixel: pairs of a start, from 1, and a length, row by row."""
    pixels = [False] * (SIDE * SIDE)
    for start, length in zip(map(int, runs[::2]), map(int, runs[1::2]), strict=True):
        for place in range(start - 1, start - 1 + length):
            pixels[place] = True
    return np.array(pixels).reshape(SIDE, SIDE)


def write(folder: Path, **changes: Any) -> str:
    entry = {
        "image": "images/natural/001.jpg",
        "caption": "a cat",
        "inpainting_mask": INSIDE,
        "outpainting_mask": OUTSIDE,
    }
    (folder / "mapping_file.json").write_text(json.dumps({"0": entry | changes}))
    return f"files:{folder / 'mapping_file.json'}"


def draw(spec: str, key: str = "natural/001", side: int = SIDE) -> np.ndarray:
    return bench.masks.draw(spec, height=side, width=side, key=key)


@pytest.mark.parametrize(
    ("option", "runs"),
    [("", INSIDE), ("?mask=inside", INSIDE), ("?mask=outside", OUTSIDE), ("?mask=inside&pick=own", INSIDE)],
)
def test_runs_are_decoded_as_the_published_evaluator_does(tmp_path: Path, option: str, runs: list[int]) -> None:
    assert np.array_equal(draw(write(tmp_path) + option), decode(runs))


def test_both_masks_are_two_protocols_and_numbers_may_be_texts(tmp_path: Path) -> None:
    spec = write(tmp_path, outpainting_mask=[str(one) for one in INSIDE])
    inside, outside = bench.masks.get(spec), bench.masks.get(f"{spec}?mask=outside")

    assert inside.name.startswith("files:mapping_file-inside@")
    assert outside.name.startswith("files:mapping_file-outside@")
    assert np.array_equal(draw(f"{spec}?mask=outside"), draw(spec))


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([1, SIDE * SIDE + 1], "have runs within 512x512 pixels; found one that ends at pixel 262,145"),
        ([0, 5], "runs of at least one pixel in order"),
        ([10, 5, 12, 5], "runs that go back, overlap or are empty"),
        ([5_000, 20, 492, 20, 492, 20], "It may be in another run-length code"),
        ([], "have missing and known pixels; found no pixel missing"),
        ([1, SIDE * SIDE], "found every pixel missing"),
        ([1, 2, 3], "that is no list of whole numbers, two a run"),
        ([1, 2.5], "that is no list of whole numbers"),
        ({"counts": [3, 4], "size": [512, 512]}, "that is no list of whole numbers"),
    ],
)
def test_runs_that_cannot_be_used_are_refused(tmp_path: Path, runs: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        bench.masks.get(write(tmp_path, inpainting_mask=runs))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "be a readable JSON file"),
        ("[1, 2]", "found list of 2 entries"),
        ("{}", "found nothing"),
        ('{"0": {"image": "a.jpg"}}', "found entry '0' without an image or inpainting_mask"),
        (
            '{"0": {"image": "a.jpg", "inpainting_mask": [1, 2]}, "1": {"image": "a.png", "inpainting_mask": [1, 2]}}',
            "two for",
        ),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mapping_file.json").write_text(text)

    with pytest.raises(DataError, match=message):
        bench.masks.get(f"files:{tmp_path / 'mapping_file.json'}")
    with pytest.raises(DataError, match="be a readable JSON file"):
        bench.masks.get(f"files:{tmp_path / 'none.json'}")


@pytest.mark.parametrize("option", ["?hole=black", "?mask=both", "?pick=some"])
def test_options_of_folders_are_refused(tmp_path: Path, option: str) -> None:
    with pytest.raises(UsageError, match=r"be files:FILE.json, with the options mask=inside\|outside"):
        bench.masks.get(write(tmp_path) + option)


def test_another_picture_or_size_is_refused(tmp_path: Path) -> None:
    spec = write(tmp_path)

    with pytest.raises(DataError, match="samples without a mask: 'natural/002'; masks of no sample: 'natural/001'"):
        draw(spec, key="natural/002")
    for side in (256, 64):
        with pytest.raises(DataError, match=f"be as large as its picture 'natural/001' .{side}x{side}"):
            draw(spec, side=side)


def test_a_mask_is_resized_with_its_picture(tmp_path: Path) -> None:
    spec = write(tmp_path)
    (tmp_path / "images" / "natural").mkdir(parents=True)
    Image.fromarray(np.zeros((SIDE, SIDE, 3), np.uint8)).save(tmp_path / "images" / "natural" / "001.jpg")
    dataset = bench.data.load("folder", size=(256, 256), root=tmp_path)

    hole = bench.masks.get(spec).hole(dataset[0], 0, dataset)

    assert hole.shape == (256, 256)
    assert abs(hole.mean() - decode(INSIDE).mean()) < 0.01
