"""Data sets of pictures for removal and with masks of their own, in the layouts that their sources describe."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench.data
import bench.masks
from bench.errors import DataError, UnknownName

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("name", "split", "images", "truths"),
    [("texterasebench", "test", "shot", "bg"), ("rord", "val", "val/img", "val/gt"), ("rord", "train", "img", "gt")],
)
def test_paired_pictures(tmp_path: Path, write_picture: Write, name: str, split: str, images: str, truths: str) -> None:
    for index, key in enumerate(("v1/00001", "v1/00002")):
        write_picture(tmp_path / images / f"{key}.jpg", seed=index)
        write_picture(tmp_path / truths / f"{key}.png", seed=5 + index)

    dataset = bench.data.load(name, split, None, tmp_path)

    assert (dataset.name, list(dataset.ids)) == (name, ["v1/00001", "v1/00002"])
    truth = dataset[1].truth
    assert truth is not None
    assert np.array_equal(truth.image, np.asarray(Image.open(tmp_path / truths / "v1" / "00002.png")))
    (tmp_path / truths / "v1" / "00002.png").unlink()
    with pytest.raises(DataError, match="pictures without a truth: 'v1/00002'"):
        bench.data.load(name, split, None, tmp_path)


def test_a_part_of_a_published_set_is_said_to_be_one(
    tmp_path: Path, write_picture: Write, caplog: pytest.LogCaptureFixture
) -> None:
    for folder in ("shot", "bg"):
        write_picture(tmp_path / folder / "00053.png")

    bench.data.load("texterasebench", root=tmp_path)

    assert f"texterasebench has 185 pictures, and {tmp_path / 'shot'} holds 1" in caplog.text


@pytest.mark.parametrize(
    ("split", "ids"),
    [("test", ["0003", "0500", "1499", "1500"]), ("landscape", ["0003"]), ("indoor", ["0500"]), ("building", ["1499"])],
)
def test_misato(tmp_path: Path, write_picture: Write, split: str, ids: list[str]) -> None:
    for key in ("0003", "0500", "1499", "1500"):
        write_picture(tmp_path / "image" / f"{key}.png")

    assert list(bench.data.load("misato", split, None, tmp_path).ids) == ids


def test_misato_and_its_masks_come_together(tmp_path: Path, write_picture: Write, write_labels: Write) -> None:
    write_picture(tmp_path / "image" / "0003.png")
    write_labels(tmp_path / "mask" / "0003.png", [255, 0, 0])

    dataset = bench.data.load("misato", "test", None, tmp_path)
    hole = bench.masks.get(f"files:{tmp_path / 'mask'}").hole(dataset[0], 0, dataset)

    assert hole.mean() == pytest.approx(1 / 3)


def test_misato_has_numbers_only(tmp_path: Path, write_picture: Write) -> None:
    for name in ("0003", "2000", "cat"):
        write_picture(tmp_path / "image" / f"{name}.png")

    with pytest.raises(DataError, match=r"must hold 0000\.png to 1999\.png; found '2000', 'cat'"):
        bench.data.load("misato", root=tmp_path)


def write_mapping(root: Path, content: object) -> None:
    (root / "mapping_file.json").write_text(json.dumps(content), encoding="utf-8")


def test_brushbench(tmp_path: Path, write_picture: Write) -> None:
    for name in ("000000001", "000000000", "unlisted"):
        write_picture(tmp_path / "images" / f"{name}.jpg")
    entries = {key: {"image": f"images/00000000{key}.jpg", "caption": f"cat {key}"} for key in ("1", "0")}
    write_mapping(tmp_path, entries)

    dataset = bench.data.load("brushbench", size=None, root=tmp_path)

    assert [(sample.id, sample.prompt) for sample in dataset] == [("000000001", "cat 1"), ("000000000", "cat 0")]
    (tmp_path / "images" / "000000000.jpg").unlink()
    with pytest.raises(
        DataError, match=r"every picture that mapping_file\.json names; found no 'images/000000000\.jpg'"
    ):
        bench.data.load("brushbench", root=tmp_path)


def test_brushbench_and_its_masks_come_together(tmp_path: Path, write_picture: Write) -> None:
    write_picture(tmp_path / "images" / "0.jpg", height=512, width=512)
    write_mapping(tmp_path, {"0": {"image": "images/0.jpg", "caption": "a cat", "inpainting_mask": [1, 512 * 128]}})

    dataset = bench.data.load("brushbench", size=(64, 64), root=tmp_path)
    hole = bench.masks.get(f"files:{tmp_path / 'mapping_file.json'}").hole(dataset[0], 0, dataset)

    assert hole[:16].all()
    assert not hole[16:].any()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([{"image": "a.jpg"}], "AttributeError"),
        ({"0": {"picture": "a.jpg"}}, "KeyError: 'image'"),
        ({"0": {"image": 3, "caption": ""}}, "TypeError"),
        ({"0": {"image": "a.jpg", "caption": " "}}, "TypeError: a caption without text: ' '"),
        ({"0": {"image": "../a.jpg"}}, "ValueError: a path that leads out of the folder: ../a.jpg"),
    ],
)
def test_another_mapping_is_refused(tmp_path: Path, content: object, found: str) -> None:
    write_mapping(tmp_path, content)

    with pytest.raises(DataError, match=r'must map each key to \{"image": path') as caught:
        bench.data.load("brushbench", root=tmp_path)

    assert found in str(caught.value)


@pytest.mark.parametrize(
    ("name", "split", "must"),
    [
        ("texterasebench", "test", "hold the folders shot/ and bg/"),
        ("rord", "val", "hold the folders img/ and gt/"),
        ("misato", "test", "hold the folders image/"),
        ("brushbench", "test", "map each key to"),
    ],
)
def test_another_layout_is_told(tmp_path: Path, write_picture: Write, name: str, split: str, must: str) -> None:
    write_picture(tmp_path / "pictures" / "a.png")

    with pytest.raises(DataError, match=must) as caught:
        bench.data.load(name, split, root=tmp_path)

    assert "'pictures/'" in str(caught.value) or name == "brushbench"
    assert "Point --data-root" in str(caught.value)
    with pytest.raises(UnknownName):
        bench.data.load(name, "no-such-split", root=tmp_path)
