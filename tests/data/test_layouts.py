from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench.data
from bench.data.cityscapes import LABELS
from bench.errors import DataError, UnknownName, UsageError
from bench.vocabulary import VOID

Write = Callable[..., Path]
NATIVE = None
PALETTE = [component for index in range(256) for component in (255 - index, index, 90)]


def rows(labels: np.ndarray | None) -> list[int]:
    """The label of each stripe, top to bottom."""
    assert labels is not None
    assert (labels == labels[:, :1]).all()
    return [int(value) for value in dict.fromkeys(labels[:, 0].tolist())]


def test_camvid(tmp_path: Path, write_picture: Write, write_labels: Write, write_text: Write) -> None:
    for index, suffix in enumerate((".webp", ".PNG", ".jpg")):
        write_picture(tmp_path / "images" / f"seq_{index}{suffix}", seed=index)
        write_labels(tmp_path / "labels" / f"seq_{index}.png", range(12))
    write_text(tmp_path / "splits" / "train.txt", "seq_2", "", "seq_0")
    write_text(tmp_path / "splits" / "segnet-train.txt", "seq_1")

    dataset = bench.data.load("camvid", "train", NATIVE, tmp_path)

    assert dataset.name == "camvid"
    assert list(dataset.ids) == ["seq_2", "seq_0"]  # in the order of the split file
    assert [sample.id for sample in dataset] == ["seq_2", "seq_0"]
    assert dataset.classes[0] == "sky"
    assert dataset.classes[10] == "bicyclist"
    assert [dataset.classes[index] for index in dataset.objects] == ["tree", "sign", "car", "pedestrian", "bicyclist"]
    assert rows(dataset[0].labels) == [*range(11), VOID]
    assert np.array_equal(dataset[1].image, np.asarray(Image.open(tmp_path / "images" / "seq_0.webp")))
    assert list(bench.data.load("camvid", "segnet-train", NATIVE, tmp_path).ids) == ["seq_1"]
    with pytest.raises(UnknownName, match="Did you mean segnet-train"):
        bench.data.load("camvid", "segnet-trian", NATIVE, tmp_path)


@pytest.fixture
def cityscapes(tmp_path: Path, write_picture: Write, write_labels: Write) -> Path:
    stored = [0, 6, 7, 9, 17, 19, 22, 23, 24, 33, 255]
    for split in ("val", "test"):
        stem = f"{split}/ulm/ulm_000000_000019"
        write_picture(tmp_path / "leftImg8bit" / f"{stem}_leftImg8bit.png", height=22)
        write_labels(tmp_path / "gtFine" / f"{stem}_gtFine_labelIds.png", stored, height=22)
        write_picture(tmp_path / "gtFine" / f"{stem}_gtFine_color.png", height=22)
        write_labels(tmp_path / "gtFine" / f"{stem}_gtFine_instanceIds.png", stored, height=22)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "num_classes", "expected"),
    [
        ("cityscapes", 35, [0, 6, 7, 9, 17, 19, 22, 23, 24, 33, 34]),
        ("cityscapes-8", 8, [0, 1, 3, 4, 5, 6, 7]),
    ],
)
def test_cityscapes(cityscapes: Path, name: str, num_classes: int, expected: list[int]) -> None:
    dataset = bench.data.load(name, "val", NATIVE, cityscapes)

    assert dataset.name == name
    assert len(dataset.classes) == num_classes == len(set(dataset.classes))
    assert list(dataset.ids) == ["ulm/ulm_000000_000019"]
    assert rows(dataset[0].labels) == expected


def test_cityscapes_train_ids(cityscapes: Path) -> None:
    dataset = bench.data.load("cityscapes-19", "val", NATIVE, cityscapes)

    labels = dataset[0].labels
    assert labels is not None
    assert dataset.classes == (
        *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation"),
        *("terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"),
    )
    assert labels[::2, 0].tolist() == [VOID, VOID, 0, VOID, 5, 6, 9, 10, 11, 18, VOID]


def test_cityscapes_without_ids_has_its_train_ids(cityscapes: Path, write_labels: Write) -> None:
    for path in cityscapes.rglob("*_labelIds.png"):
        write_labels(path.with_name(path.name.replace("_labelIds", "_labelTrainIds")), [0, 18, 255], height=22)
        path.unlink()

    assert rows(bench.data.load("cityscapes-19", "val", NATIVE, cityscapes)[0].labels) == [0, 18, VOID]
    for name in ("cityscapes", "cityscapes-8"):
        with pytest.raises(DataError, match=r"maps of train ids, which lack classes.*Use cityscapes-19"):
            bench.data.load(name, "val", NATIVE, cityscapes)


def test_the_train_ids_of_cityscapes_follow_the_order_of_its_ids() -> None:
    train_ids = [label.train_id for label in LABELS.values() if label.train_id != VOID]

    assert train_ids == list(range(19))
    assert list(LABELS) == [*range(34), 255]


def test_the_test_split_of_cityscapes_has_no_labels(cityscapes: Path) -> None:
    assert bench.data.load("cityscapes", "test", NATIVE, cityscapes)[0].labels is None


def test_cityscapes_objects_are_the_same_things_in_every_grouping(cityscapes: Path) -> None:
    things = {}
    for name in ("cityscapes", "cityscapes-19", "cityscapes-8"):
        dataset = bench.data.load(name, "val", NATIVE, cityscapes)
        things[name] = [dataset.classes[index] for index in dataset.objects]

    assert things["cityscapes-8"] == ["object", "human", "vehicle"]
    assert set(things["cityscapes"]) - set(things["cityscapes-19"]) == {"caravan", "trailer"}
    assert things["cityscapes"][:4] == ["traffic light", "traffic sign", "person", "rider"]


def test_ade20k(tmp_path: Path, write_picture: Write, write_labels: Write, write_text: Write) -> None:
    names = {1: "wall", 2: "building, edifice", 13: "person, individual, someone", 22: "water"}
    table = [f"{n}{' ' if n == 22 else ''}\t0.1\t10\t1\t{names.get(n, f'class {n}, other')} " for n in range(1, 151)]
    write_text(tmp_path / "objectInfo150.txt", "Idx\tRatio\tTrain\tVal\tName", *table)
    write_picture(tmp_path / "images" / "validation" / "ADE_val_00000001.jpg", height=4)
    write_labels(tmp_path / "annotations" / "validation" / "ADE_val_00000001.png", [0, 1, 150, 13], height=4)

    dataset = bench.data.load("ade20k", "val", NATIVE, tmp_path)

    assert len(dataset.classes) == 150
    assert [dataset.classes[index] for index in (0, 1, 12, 21)] == ["wall", "building", "person", "water"]
    assert rows(dataset[0].labels) == [VOID, 0, 149, 12]
    assert len(set(dataset.objects)) == 100
    assert 12 in dataset.objects
    assert 0 not in dataset.objects
    with pytest.raises(UnknownName, match="train, val"):
        bench.data.load("ade20k", "test", NATIVE, tmp_path)
    write_text(tmp_path / "objectInfo150.txt", "Idx\tRatio\tTrain\tVal\tName", *table[:149])
    with pytest.raises(DataError, match="149 rows"):
        bench.data.load("ade20k", "val", NATIVE, tmp_path)


def test_voc_uses_the_index_of_a_palette_and_not_its_colour(
    tmp_path: Path, write_picture: Write, write_text: Write
) -> None:
    write_picture(tmp_path / "JPEGImages" / "2007_000033.jpg", height=4)
    write_picture(tmp_path / "JPEGImages" / "2007_000027.jpg", height=4)
    write_text(tmp_path / "ImageSets" / "Segmentation" / "val.txt", "2007_000033")
    stored = np.repeat(np.array([[0], [1], [20], [255]], np.uint8), 16, axis=1)
    image = Image.fromarray(stored, "L")
    image.putpalette(PALETTE)
    (tmp_path / "SegmentationClass").mkdir()
    image.save(tmp_path / "SegmentationClass" / "2007_000033.png")

    dataset = bench.data.load("voc", "val", NATIVE, tmp_path)

    with Image.open(tmp_path / "SegmentationClass" / "2007_000033.png") as written:
        assert written.mode == "P"
    assert list(dataset.ids) == ["2007_000033"]
    assert (len(dataset.classes), dataset.classes[1], dataset.classes[20]) == (21, "aeroplane", "tvmonitor")
    assert dataset.objects == tuple(range(1, 21))
    assert rows(dataset[0].labels) == [0, 1, 20, VOID]


def test_helen_takes_the_most_probable_segment(
    tmp_path: Path, write_picture: Write, write_labels: Write, write_text: Write
) -> None:
    write_picture(tmp_path / "images" / "100032540_1.jpg", height=4)
    for index in range(11):
        shares = [0, 255 if index == 10 else 0, {1: 120, 6: 135}.get(index, 0), {4: 127, 5: 127}.get(index, 0)]
        write_labels(tmp_path / "labels" / "100032540_1" / f"100032540_1_lbl{index:02d}.png", shares, height=4)
    write_text(tmp_path / "testing.txt", "1 , 100032540_1")

    dataset = bench.data.load("helen", "test", NATIVE, tmp_path)

    assert list(dataset.ids) == ["100032540_1"]
    assert (len(dataset.classes), dataset.classes[10]) == (11, "hair")
    assert rows(dataset[0].labels) == [0, 10, 6, 4]  # nothing said: background; of equal ones the first
    (tmp_path / "labels" / "100032540_1" / "100032540_1_lbl07.png").unlink()
    with pytest.raises(DataError, match="no 100032540_1_lbl07"):
        bench.data.load("helen", "test", NATIVE, tmp_path)


def test_folder(folder: Path) -> None:
    dataset = bench.data.load("folder", size=NATIVE, root=folder)

    assert list(dataset.ids) == ["a", "b", "deep/c"]
    assert dataset.classes == ("ground", "thing")
    assert dataset.objects == (1,)
    assert rows(dataset[2].labels) == [0, 1, VOID]
    assert dataset[2].image.dtype == np.uint8


def test_a_folder_needs_no_labels(tmp_path: Path, write_picture: Write) -> None:
    write_picture(tmp_path / "images" / "a.JPEG")
    write_picture(tmp_path / "images" / ".trash" / "b.png")
    write_picture(tmp_path / "images" / "._a.png")

    dataset = bench.data.load("folder", root=tmp_path)

    assert list(dataset.ids) == ["a"]
    assert (dataset.classes, dataset.objects) == ((), ())
    assert dataset[0].labels is None
    assert dataset[0].image.shape == (256, 256, 3)


def test_a_flat_folder_is_a_data_set(tmp_path: Path, write_picture: Write, write_labels: Write) -> None:
    for name in ("a.png", "b.JPG", "notes/c.png"):
        write_picture(tmp_path / name)
    (tmp_path / "classes.json").write_text(json.dumps({"classes": ["x", "y"]}), encoding="utf-8")
    for name in "ab":
        write_labels(tmp_path / "labels" / f"{name}.png", [1, 0])

    dataset = bench.data.load("folder", size=NATIVE, root=tmp_path)

    assert list(dataset.ids) == ["a", "b"]
    assert rows(dataset[1].labels) == [1, 0]


def test_what_a_flat_folder_leaves_out_is_said(
    tmp_path: Path, write_picture: Write, caplog: pytest.LogCaptureFixture
) -> None:
    write_picture(tmp_path / "a.png")
    write_picture(tmp_path / "notes" / "c.png")
    bench.data.load("folder", root=tmp_path)
    assert "nothing of its folders 'notes'" in caplog.text

    write_picture(tmp_path / "images" / "b.png")
    assert list(bench.data.load("folder", root=tmp_path).ids) == ["b"]
    assert "the pictures in images/ are taken, and not the 1 beside it" in caplog.text


def test_folders_of_pictures_are_no_flat_folder(tmp_path: Path, write_picture: Write) -> None:
    write_picture(tmp_path / "cats" / "a.png")
    with pytest.raises(DataError, match=r"must hold a folder images/, or pictures; found 'cats'"):
        bench.data.load("folder", root=tmp_path)


def test_a_folder_may_have_splits(folder: Path, write_text: Write) -> None:
    write_text(folder / "splits" / "hard.txt", "\ufeffdeep/c", "a  ")

    assert list(bench.data.load("folder", "hard", root=folder).ids) == ["deep/c", "a"]
    with pytest.raises(UnknownName, match="hard"):
        bench.data.load("folder", "test", root=folder)


@pytest.mark.parametrize(("here", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_is_the_same_in_both_unicode_forms(
    tmp_path: Path, write_picture: Write, write_labels: Write, write_text: Write, here: str, there: str
) -> None:
    one, other = (unicodedata.normalize(form, "café") for form in (here, there))
    write_picture(tmp_path / "images" / one / f"{other}.png")
    write_labels(tmp_path / "labels" / other / f"{one}.png", [0])
    (tmp_path / "classes.json").write_text(json.dumps({"classes": ["x"]}), encoding="utf-8")
    write_text(tmp_path / "splits" / f"{other}.txt", f"{other}/{other}")

    assert list(bench.data.load("folder", one, root=tmp_path).ids) == ["caf\xe9/caf\xe9"]
    write_picture(tmp_path / "images" / one / f"{one}.png")
    with pytest.raises(DataError, match="must name one file"):
        bench.data.load("folder", one, root=tmp_path)


def test_a_split_that_names_a_picture_in_both_forms_is_refused(folder: Path, write_text: Write) -> None:
    (folder / "images" / "a.png").rename(folder / "images" / "\xe9.png")
    (folder / "labels" / "a.png").rename(folder / "labels" / "\xe9.png")
    write_text(folder / "splits" / "test.txt", "\xe9", "e\u0301")

    with pytest.raises(DataError, match="name one picture of split"):
        bench.data.load("folder", root=folder)


def test_a_folder_without_splits_is_the_split_test(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"splits.train\.txt"):
        bench.data.load("folder", "train", root=folder)


def test_a_folder_without_an_ignored_number_still_knows_void(folder: Path, write_labels: Write) -> None:
    (folder / "classes.json").write_text(json.dumps({"classes": ["x", "y"]}), encoding="utf-8")
    write_labels(folder / "labels" / "a.png", [1, 255])

    assert rows(bench.data.load("folder", size=NATIVE, root=folder)[0].labels) == [1, VOID]


@pytest.mark.parametrize(("limit", "kept"), [(1, ["a"]), (2, ["a", "b"]), (99, ["a", "b", "deep/c"])])
def test_a_limit_keeps_samples_from_all_over_the_split(folder: Path, limit: int, kept: list[str]) -> None:
    dataset = bench.data.load("folder", root=folder, limit=limit)

    assert list(dataset.ids) == kept
    assert len(dataset) == len(list(dataset)) == min(limit, 3)


def test_pictures_and_labels_are_sized_together(folder: Path) -> None:
    sample = bench.data.load("folder", size=(6, 8), root=folder)[0]

    assert sample.image.shape == (6, 8, 3)
    assert sample.labels is not None
    assert sample.labels.shape == (6, 8)
    assert rows(sample.labels) == [0, 1, VOID]
