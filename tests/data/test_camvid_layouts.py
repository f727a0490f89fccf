"""CamVid as SegNet's authors, fast.ai, Cambridge and others ship it, in tiny drawn examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench.data
from bench.data.camvid.classes import CLASSES, ORIGINAL
from bench.errors import DataError, UnknownName
from bench.vocabulary import VOID

Write = Callable[..., Path]

GROUPS = {
    "sky": ["Sky"],
    "building": ["Archway", "Bridge", "Building", "Tunnel", "Wall"],
    "pole": ["Column_Pole", "TrafficCone"],
    "road": ["LaneMkgsDriv", "LaneMkgsNonDriv", "Road"],
    "pavement": ["ParkingBlock", "RoadShoulder", "Sidewalk"],
    "tree": ["Tree", "VegetationMisc"],
    "sign": ["Misc_Text", "SignSymbol", "TrafficLight"],
    "fence": ["Fence"],
    "car": ["Car", "OtherMoving", "SUVPickupTruck", "Train", "Truck_Bus"],
    "pedestrian": ["Animal", "CartLuggagePram", "Child", "Pedestrian"],
    "bicyclist": ["Bicyclist", "MotorcycleScooter"],
    "": ["Void"],
}
"""As https://www.mathworks.com/help/vision/ug/semantic-segmentation-using-deep-learning.html groups the 32 classes."""
EXPECTED = [one.index for one in ORIGINAL]
FRAMES = {
    "train": ["0001TP_006690", "0001TP_008520", "0006R0_f00930", "0016E5_07920", "0016E5_08190"],
    "val": ["0016E5_07959", "0016E5_08159"],
    "test": ["0001TP_008550", "0001TP_010380", "Seq05VD_f00000"],
}
EVERY = sorted(name for names in FRAMES.values() for name in names)


def write_colours(path: Path, colours: Sequence[tuple[int, int, int]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.array(colours, np.uint8)[np.arange(32) * len(colours) // 32]
    Image.fromarray(np.repeat(rows[:, None], 16, axis=1)).save(path)


def ids(root: Path, split: str) -> list[str]:
    return list(bench.data.load("camvid", split, None, root).ids)


def rows(root: Path, split: str) -> list[int]:
    labels = bench.data.load("camvid", split, None, root)[0].labels
    assert labels is not None
    assert (labels == labels[:, :1]).all()
    return [int(value) for value in labels[:, 0]]


def test_the_32_classes_fall_into_the_11() -> None:
    groups = {group: sorted(one.name for one in ORIGINAL if one.group == group) for group in ("", *CLASSES)}

    assert groups == {group: sorted(names) for group, names in GROUPS.items()}
    assert len({one.colour for one in ORIGINAL}) == 32
    assert [one.name.lower() for one in ORIGINAL] == sorted(one.name.lower() for one in ORIGINAL)


@pytest.fixture
def segnet(tmp_path: Path, write_picture: Write, write_labels: Write, write_text: Write) -> Path:
    for split, names in FRAMES.items():
        for name in names:
            write_picture(tmp_path / split / f"{name}.png")
            write_labels(tmp_path / f"{split}annot" / f"{name}.png", range(12))
        lines = [f"/SegNet/CamVid/{split}/{name}.png /SegNet/CamVid/{split}annot/{name}.png" for name in names[::-1]]
        write_text(tmp_path / f"{split}.txt", *lines)
    return tmp_path


def test_the_layout_of_segnet(segnet: Path) -> None:
    assert {split: ids(segnet, split) for split in FRAMES} == {split: names[::-1] for split, names in FRAMES.items()}
    assert rows(segnet, "test") == [*range(11), VOID]
    with pytest.raises(UnknownName, match="train, val, test"):
        ids(segnet, "every")


def test_the_lists_of_segnet_may_be_missing_and_must_be_right(segnet: Path, write_text: Write) -> None:
    (segnet / "val.txt").unlink()
    write_text(segnet / "train.txt", r"CamVid\train\0006R0_f00930.png CamVid\trainannot\0006R0_f00930.png", "")
    write_text(segnet / "test.txt", "test/0001TP_008550.png testannot/0001TP_010380.png")

    assert ids(segnet, "val") == FRAMES["val"]
    assert ids(segnet, "train") == ["0006R0_f00930"]
    with pytest.raises(DataError, match="name a picture and its label map on each line"):
        ids(segnet, "test")


@pytest.fixture
def cambridge(tmp_path: Path, write_picture: Write) -> Path:
    for name in EVERY:
        write_picture(tmp_path / "701_StillsRaw_full" / f"{name}.png", height=32)
        write_colours(tmp_path / "LabeledApproved_full" / f"{name}_L.png", [one.colour for one in ORIGINAL])
    return tmp_path


def test_the_layout_of_cambridge(cambridge: Path) -> None:
    assert {split: ids(cambridge, split) for split in FRAMES} == FRAMES
    assert ids(cambridge, "all") == EVERY
    assert rows(cambridge, "val") == EXPECTED


def test_a_colour_of_no_class_is_refused(cambridge: Path) -> None:
    write_colours(cambridge / "LabeledApproved_full" / "0016E5_07959_L.png", [(64, 128, 64), (64, 128, 65)])

    with pytest.raises(DataError, match=r"0016E5_07959_L.png must hold the colours .* found colour \(64, 128, 65\)"):
        rows(cambridge, "val")


@pytest.fixture
def fast_ai(tmp_path: Path, write_picture: Write, write_labels: Write, write_text: Write) -> Path:
    for name in EVERY:
        write_picture(tmp_path / "images" / f"{name}.png", height=32)
        write_labels(tmp_path / "labels" / f"{name}_P.png", range(32), height=32)
    write_text(tmp_path / "codes.txt", *(one.name for one in ORIGINAL))
    write_text(tmp_path / "valid.txt", "0006R0_f00930.png", "0001TP_006690.png")
    return tmp_path


def test_the_layout_of_fast_ai(fast_ai: Path) -> None:
    val = ["0001TP_006690", "0006R0_f00930"]

    assert ids(fast_ai, "val") == val
    assert ids(fast_ai, "train") == [name for name in EVERY if name not in val]
    assert ids(fast_ai, "all") == EVERY
    assert rows(fast_ai, "val") == EXPECTED
    with pytest.raises(UnknownName, match="train, val, all"):
        ids(fast_ai, "test")


def test_fast_ai_without_its_list_has_the_splits_of_segnet(fast_ai: Path) -> None:
    (fast_ai / "valid.txt").unlink()

    assert {split: ids(fast_ai, split) for split in FRAMES} == FRAMES


def test_the_codes_of_fast_ai_say_what_the_numbers_mean(fast_ai: Path, write_text: Write) -> None:
    write_text(fast_ai / "codes.txt", *(one.name for one in ORIGINAL[::-1]))
    assert rows(fast_ai, "val") == EXPECTED[::-1]

    write_text(fast_ai / "codes.txt", *(one.name for one in ORIGINAL[:-1]), "Dragon")
    with pytest.raises(DataError, match="name classes of CamVid; found 'Dragon'"):
        rows(fast_ai, "val")


def test_a_list_that_names_no_picture_is_refused(fast_ai: Path, write_text: Write) -> None:
    write_text(fast_ai / "valid.txt", "0001TP_000000.png")

    with pytest.raises(DataError, match="'0001TP_000000' without a picture"):
        ids(fast_ai, "val")


def test_a_layout_by_folders_with_colours(tmp_path: Path, write_picture: Write) -> None:
    for split, names in FRAMES.items():
        for name in names:
            write_picture(tmp_path / split / f"{name}.png", height=32)
            write_colours(tmp_path / f"{split}_labels" / f"{name}_L.png", [one.colour for one in ORIGINAL])

    assert {split: ids(tmp_path, split) for split in FRAMES} == FRAMES
    assert rows(tmp_path, "test") == EXPECTED


def test_two_layouts_in_one_folder_are_refused(segnet: Path, cambridge: Path) -> None:
    assert segnet == cambridge
    with pytest.raises(DataError, match=r"found train/, trainannot/ \(SegNet\) and 701_StillsRaw_full/"):
        ids(segnet, "test")


def test_every_layout_needs_all_label_maps(fast_ai: Path) -> None:
    (fast_ai / "labels" / f"{EVERY[3]}_P.png").unlink()

    with pytest.raises(DataError, match=f"none for '{EVERY[3]}'"):
        ids(fast_ai, "all")
