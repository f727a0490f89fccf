from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

import bench.data
from bench.errors import DataError

Write = Callable[..., Path]
TEXTS = {"a": "a street", "b": "a house", "deep/c": " two\ncars "}


def write(folder: Path, content: object) -> Path:
    path = folder / "prompts.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_samples_have_their_texts_as_written(folder: Path) -> None:
    write(folder, TEXTS)

    dataset = bench.data.load("folder", size=(8, 8), root=folder)

    assert {sample.id: sample.prompt for sample in dataset} == TEXTS
    assert [one.prompt for one in bench.data.load("folder", size=None, root=folder, limit=1)] == ["a street"]


def test_without_a_file_there_is_no_text(folder: Path) -> None:
    assert {sample.prompt for sample in bench.data.load("folder", root=folder)} == {""}


def test_a_text_belongs_to_the_revision_of_its_sample_alone(folder: Path) -> None:
    def revisions() -> tuple[str, list[str]]:
        dataset = bench.data.load("folder", size=(8, 8), root=folder)
        return dataset.revision, list(dataset.sample_revisions())  # type: ignore[attr-defined]  # a FileDataset

    without = revisions()
    write(folder, TEXTS)
    first = revisions()
    write(folder, TEXTS | {"b": "a horse"})
    second = revisions()

    assert len({without[0], first[0], second[0]}) == 3
    assert [a == b for a, b in zip(first[1], second[1], strict=True)] == [True, False, True]
    assert not set(without[1]) & set(first[1])


def test_only_the_split_needs_texts_and_others_may_have_them(folder: Path, write_text: Write) -> None:
    write_text(folder / "splits" / "test.txt", "a")
    write_text(folder / "splits" / "val.txt", "b")
    write(folder, {"a": "a street", "deep/c": "two cars"})

    assert [sample.prompt for sample in bench.data.load("folder", root=folder)] == ["a street"]
    with pytest.raises(DataError, match="hold a text for every picture; found none for 'b'"):
        bench.data.load("folder", "val", root=folder)


def test_ids_are_compared_in_one_form(folder: Path, write_picture: Write, write_labels: Write) -> None:
    composed = "caf\u00e9"
    write_picture(folder / "images" / f"{composed}.png")
    write_labels(folder / "labels" / f"{composed}.png", [0])
    write(folder, {unicodedata.normalize("NFD", composed): "a cup", **TEXTS})

    assert {sample.id: sample.prompt for sample in bench.data.load("folder", root=folder)}[composed] == "a cup"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": "x", "b": "y"}, "must hold a text for every picture; found none for 'deep/c'. Write one for each"),
        (TEXTS | {"d": "z", "e": "z"}, "must name pictures of the data set; found 'd', 'e' without a picture"),
        (TEXTS | {"b": " \n"}, r"prompt of 'b' in .*prompts.json must be a text that is not empty; found ' \\n'"),
        (TEXTS | {"b": 3}, "prompt of 'b' in .* must be a text that is not empty; found 3"),
        (TEXTS | {"b": None}, "must be a text that is not empty; found None"),
        (TEXTS | {"b": {"text": "x"}}, "must be a text that is not empty; found an object"),
        ('{"a": "x", "b": "y", "a": "z"}', "must hold one text for a picture; found two for 'a'"),
        (["x", "y"], 'must be one object {"id": "text"}; found a JSON list'),
        ("{a: x}", 'must be {"id": "text"} in JSON'),
    ],
)
def test_what_are_no_texts_of_the_pictures_is_said(folder: Path, content: object, message: str) -> None:
    write(folder, content)

    with pytest.raises(DataError, match=message if "found" in message else re.escape(message)):
        bench.data.load("folder", root=folder)
