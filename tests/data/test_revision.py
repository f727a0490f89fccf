from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import bench.data

Write = Callable[..., Path]


def revision(root: Path, **changes: object) -> str:
    return bench.data.load("folder", **{"size": (8, 8), "root": root, **changes}).revision  # type: ignore[arg-type]  # mixed


def test_it_is_a_sha256_and_the_same_each_time_and_place(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("copy") / "set"
    shutil.copytree(folder, elsewhere)

    assert len(revision(folder)) == 64
    assert revision(folder) == revision(folder) == revision(elsewhere)


def test_it_does_not_depend_on_what_is_not_read(folder: Path, write_picture: Write) -> None:
    before = revision(folder, limit=1)
    write_picture(folder / "images" / "b.png", seed=99)  # beyond the limit
    (folder / "README.md").write_text("words", encoding="utf-8")
    (folder / "labels" / "notes.txt").write_text("words", encoding="utf-8")

    assert revision(folder, limit=1) == before


@pytest.mark.parametrize("changes", [{"size": (8, 9)}, {"size": None}, {"limit": 2}])
def test_it_depends_on_what_is_asked(folder: Path, changes: dict[str, object]) -> None:
    assert revision(folder, **changes) != revision(folder)


def test_a_limit_that_cuts_nothing_changes_nothing(folder: Path) -> None:
    assert revision(folder, limit=3) == revision(folder)


def test_it_depends_on_the_name_of_the_split(folder: Path, write_text: Write) -> None:
    write_text(folder / "splits" / "one.txt", "a")
    write_text(folder / "splits" / "two.txt", "a")

    assert revision(folder, split="one") != revision(folder, split="two")


def test_it_depends_on_every_picture_label_and_id(folder: Path, write_picture: Write, write_labels: Write) -> None:
    seen = [revision(folder)]
    write_picture(folder / "images" / "deep" / "c.png", seed=77)
    seen.append(revision(folder))
    write_labels(folder / "labels" / "deep" / "c.png", [1, 0])
    seen.append(revision(folder))
    (folder / "images" / "a.png").rename(folder / "images" / "A2.png")
    (folder / "labels" / "a.png").rename(folder / "labels" / "A2.png")
    seen.append(revision(folder))

    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "classes",
    [
        {"classes": ["ground", "object"], "objects": ["object"], "ignore": 200},
        {"classes": ["ground", "thing"], "objects": ["ground"], "ignore": 200},
        {"classes": ["ground", "thing"], "objects": ["thing"], "ignore": 1},
    ],
)
def test_it_depends_on_what_the_numbers_mean(folder: Path, classes: dict[str, object]) -> None:
    before = revision(folder)
    (folder / "classes.json").write_text(json.dumps(classes), encoding="utf-8")

    assert revision(folder) != before


def test_the_groupings_of_one_set_differ(tmp_path: Path, write_picture: Write, write_labels: Write) -> None:
    write_picture(tmp_path / "leftImg8bit" / "val" / "ulm" / "ulm_0_leftImg8bit.png")
    write_labels(tmp_path / "gtFine" / "val" / "ulm" / "ulm_0_gtFine_labelIds.png", [7])
    names = ("cityscapes", "cityscapes-19", "cityscapes-8")

    assert len({bench.data.load(name, "val", (8, 8), tmp_path).revision for name in names}) == 3
