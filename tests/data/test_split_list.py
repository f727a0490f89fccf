from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import bench.data
from bench.cli import app
from bench.data.known_splits import SPLITS, names_of_split
from bench.data.selection import ids_sha256
from bench.errors import DataError, RunConflict, UsageError
from bench.records import read_run
from bench.registry import Registry
from bench.training import open_data

IDS = ("00001", "00002", "00003", "a/same", "b/same", "c/alone", "shot.v2", "#odd")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for place, name in enumerate(IDS):
        path = folder / "images" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((32, 32, 3), place, np.uint8)).save(path)
    return folder


@pytest.fixture
def listed(root: Path, tmp_path: Path) -> Callable[..., Any]:
    """The data set that a list of some bytes makes."""

    def load(content: bytes | str, **options: Any) -> Any:
        path = tmp_path / "list.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return bench.data.load("folder", size=None, root=root, split_list=path, **options)

    return load


def call(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


@pytest.mark.parametrize(
    "content",
    [
        "00003\n00001\nshot.v2\n",
        "00001\r\n\r\n00003\r\nshot.v2",
        b"\xef\xbb\xbf00001\n00003\nshot.v2\n",
        "# the test pictures\n00001.jpg\n  00003.PNG  \nshot.v2.png\n",
        "images/00001.png\n/data/CelebA-HQ/00003.jpg\n./shot.v2\n",
        "images\\00001.png\nimages\\00003.png\nshot.v2\n",
    ],
)
def test_names_are_found_however_they_are_written(listed: Callable[..., Any], content: bytes | str) -> None:
    dataset, plain = listed(content), listed("00001\n00003\nshot.v2")

    assert dataset.ids == ("00001", "00003", "shot.v2")
    assert [int(one.image[0, 0, 0]) for one in dataset] == [0, 2, 6]
    assert (dataset.revision, dataset.rules) == (plain.revision, plain.rules)


def test_an_id_that_looks_like_a_comment_is_an_id_and_a_last_part_is_enough(listed: Callable[..., Any]) -> None:
    assert set(listed("#odd\n# odd\nalone.png\na/same").ids) == {"#odd", "c/alone", "a/same"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "00001\n00009\n",
            r"name samples of split 'test' of folder \(8 samples\); found 1 names of no sample, '00009'",
        ),
        ("00001 0\n", "names of no sample, '00001 0'"),
        ("d/alone\n", "names of no sample, 'd/alone'"),
        ("00001\n00002\n00001\n", r"1 samples named twice, such as '00001' \('00001' and '00001'\)"),
        ("00001\n00001.jpg\n", r"named twice, such as '00001' \('00001' and '00001.jpg'\)"),
        ("same\n", "name one sample a line; found 'same' for 'a/same', 'b/same'"),
        ("\n \n", "hold names, one a line"),
        ("# nothing\n", "hold names, one a line"),
        ("00001\n".encode("utf-16"), "be a text file of names"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(listed: Callable[..., Any], content: bytes | str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        listed(content)


def test_a_list_that_is_not_there_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"split list .*none.txt must be a text file of names"):
        bench.data.load("folder", root=root, split_list=tmp_path / "none.txt")


def test_the_list_is_part_of_the_revision_even_where_it_names_all(listed: Callable[..., Any], root: Path) -> None:
    every, whole = listed("\n".join(IDS)), bench.data.load("folder", size=None, root=root)

    assert every.ids == whole.ids
    assert every.revision != whole.revision
    assert every.split_list.sha256 == ids_sha256(IDS)
    assert listed("00001\n00002").rules != listed("00001\n00003").rules


def test_a_limit_is_spread_over_the_list(listed: Callable[..., Any]) -> None:
    dataset = listed("00001\n00002\n00003\nshot.v2", limit=2)

    assert dataset.ids == ("00001", "00003")
    assert dataset.whole.ids == ("00001", "00002", "00003", "shot.v2")
    assert dataset.rules == dataset.whole.rules


def test_streets_are_chosen_by_a_list(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("test-000012.png\ntest-000003\n")

    dataset: Any = bench.data.load("streets", size=(32, 32), split_list=tmp_path / "list.txt", limit=5)
    plain = bench.data.load("streets", size=(32, 32))

    assert dataset.ids == ("test-000003", "test-000012")
    assert np.array_equal(dataset[1].image, plain[12].image)
    assert dataset.whole is dataset
    assert dataset.revision != plain.revision


def test_a_training_takes_the_list_of_its_split(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("train-000003\ntrain-000012\n")

    data = open_data("streets", None, (32, 32), split_list=str(tmp_path / "list.txt"))

    assert tuple(data.train.ids) == ("train-000003", "train-000012")
    assert len(data.validation) == 64


def test_a_data_set_without_select_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry: Registry[Any] = Registry("dataset", "spgbench.none")
    registry.add("plain", "tests.data.test_split_list:Plain", "no select")
    monkeypatch.setattr("bench.data.catalogue.DATASETS", registry)
    (tmp_path / "list.txt").write_text("a")

    with pytest.raises(UsageError, match="data set 'plain' must select samples by name"):
        bench.data.load("plain", split_list=tmp_path / "list.txt")


class Plain:
    """A data set of a plug-in that knows nothing of lists."""

    name, ids = "plain", ("a",)

    def __init__(self, **_: Any) -> None: ...


# Published splits.


def numbers(start: int, stop: int, form: str) -> Sequence[str]:
    return [form.format(number) for number in range(start, stop)]


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (numbers(0, 10_000, "{:05d}"), ("ffhq-first-10000",)),
        (numbers(0, 100, "{:05d}"), ("celeba-hq-first-100",)),
        (numbers(0, 100, "images/{}")[::-1], ("celeba-hq-first-100",)),
        (numbers(1, 36_501, "Places365_val_{:08d}"), ("places2-val-36500",)),
        (numbers(1, 101, "{:05d}"), ()),
        (numbers(0, 9_999, "{:05d}"), ()),
    ],
)
def test_a_list_that_equals_a_published_one_is_named(ids: Sequence[str], names: tuple[str, ...]) -> None:
    assert names_of_split(ids) == names


def test_a_split_without_its_list_has_no_hash() -> None:
    code, out = call("ls", "splits", "--json")
    splits = {one["name"]: one for one in json.loads(out)}

    assert code == 0
    assert len(splits) == len(list(SPLITS))
    for one in splits.values():
        assert bool(one["sha256"]) == bool(one["rule"])
        assert ("hash unknown" in one["summary"]) == (not one["sha256"])
    assert splits["ffhq-first-10000"]["sha256"] == [ids_sha256(numbers(0, 10_000, "{:05d}"))]


def test_the_list_and_the_masks_are_recorded_and_named_in_the_foot(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.txt").write_text("00001.jpg\n00002\n")
    Path("masks").mkdir()
    for place in range(2):
        Image.fromarray(np.random.default_rng(place).random((32, 32)) < 0.4).save(f"masks/m{place}.png")
    monkeypatch.setattr("bench.masks.files.name_of_holes", lambda *_: "a set")
    options = ("--models", "mean", "--dataset", "folder", "--data-root", str(root), "--size", "32")
    masks = "files:masks?pick=random"
    code, out = call(
        *(
            "run",
            *options,
            "--split-list",
            "mine.txt",
            "--protocols",
            masks,
            "--metrics",
            "l1",
            "-o",
            "out",
            "--no-report",
        )
    )
    info = read_run(Path("out")).info

    assert code == 0
    assert info.dataset.split_list is not None
    assert (info.dataset.split_list.file, info.dataset.split_list.n) == ("mine.txt", 2)
    assert info.dataset.split_list.sha256 == ids_sha256(("00001", "00002"))
    assert list(info.mask_sets.values()) == ["a set"]
    assert "--split-list mine.txt" in info.command
    assert "Pictures by list mine.txt (2 names, SHA-256 " in out
    assert "the masks are the set a set" in out

    Path("mine.txt").write_text("00001.jpg\n00003\n")
    with pytest.raises(RunConflict, match="a run with another dataset"):
        call("run", *options, "--split-list", "mine.txt", "--protocols", masks, "--metrics", "l1", "-o", "out")
    assert read_run(Path("out")).info == info
