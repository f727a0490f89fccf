from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench.masks
from bench.errors import DataError, UsageError
from bench.removal import Removing, task_of
from bench.vocabulary import Dataset, Sample
from tests.support.removals import Scenes

HALF = np.zeros((40, 60), np.uint8)
HALF[:, :20] = 255


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "brushes"
    root.mkdir()
    return root


def save(path: Path, grey: np.ndarray, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(grey)
    if mode == "RGBA":
        picture = Image.merge("RGBA", [picture] * 3 + [Image.new("L", picture.size, 255)])
    elif mode == "P":
        # A palette in which the indices are no grey values: 0 is white.
        picture = Image.fromarray((255 - grey) // 255).convert("P")
        picture.putpalette([255, 255, 255, 0, 0, 0])
    else:
        picture = picture.convert(mode)
    picture.save(path)


def draw(spec: str, key: str = "a", size: tuple[int, int] = (40, 60)) -> np.ndarray:
    return bench.masks.draw(spec, height=size[0], width=size[1], key=key)


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "P", "RGBA"])
def test_white_is_the_hole_in_every_mode(folder: Path, mode: str) -> None:
    save(folder / "m.png", HALF, mode)

    with Image.open(folder / "m.png") as picture:
        assert picture.mode == mode
    assert np.array_equal(draw(f"files:{folder}"), HALF == 255)
    assert np.array_equal(draw(f"files:{folder}?hole=white"), HALF == 255)
    assert np.array_equal(draw(f"files:{folder}?hole=black"), HALF == 0)


@pytest.mark.parametrize("name", ["m.png", "m.PNG", "m.jpg", "m.jpeg", "m.webp"])
def test_the_formats(folder: Path, name: str) -> None:
    save(folder / name, HALF)
    wrong = draw(f"files:{folder}") != (HALF == 255)

    assert wrong[:, :18].sum() + wrong[:, 22:].sum() == 0  # lossy files may move the edge


def test_the_threshold_is_at_half(folder: Path) -> None:
    save(folder / "m.png", np.arange(256, dtype=np.uint8).reshape(16, 16))

    assert np.array_equal(np.flatnonzero(draw(f"files:{folder}", size=(16, 16))), np.arange(128, 256))
    assert np.array_equal(np.flatnonzero(draw(f"files:{folder}?hole=black", size=(16, 16))), np.arange(128))


def test_masks_are_resized_to_nearest(folder: Path) -> None:
    random = np.random.default_rng(0).integers(0, 2, (40, 60)).astype(np.uint8) * 255
    save(folder / "m.png", random)
    pillow = Image.fromarray(random).resize((32, 64), Image.Resampling.NEAREST)

    assert np.array_equal(draw(f"files:{folder}", size=(64, 32)), np.asarray(pillow) == 255)


def stripe(index: int) -> np.ndarray:
    grey = np.zeros((40, 60), np.uint8)
    grey[:, 5 * index : 5 * index + 5] = 255
    return grey


def numbers(spec: str, dataset: Dataset) -> list[int]:
    """Which stripe each sample got."""
    protocol = bench.masks.get(spec)
    return [int(protocol.hole(sample, 0, dataset)[0].argmax()) // 5 for sample in dataset]


class Pictures(list[Sample]):
    name, revision, classes, objects = "pictures", "0" * 64, (), ()

    @property
    def ids(self) -> list[str]:
        return [sample.id for sample in self]


def pictures(*names: str) -> Pictures:
    return Pictures(Sample(name, np.zeros((40, 60, 3), np.uint8)) for name in names)


def test_a_mask_is_used_by_name_when_every_sample_has_one(folder: Path) -> None:
    for index, name in enumerate(["z", "deep/y.1", "x", "unused"]):
        save(folder / f"{name}.png", stripe(index))

    assert numbers(f"files:{folder}", pictures("x", "deep/y.1", "z")) == [2, 1, 0]
    assert np.array_equal(draw(f"files:{folder}", "deep/y.1"), stripe(1) == 255)


def test_else_masks_are_drawn_the_same_in_any_order(folder: Path) -> None:
    for index in range(8):
        save(folder / f"m{index}.png", stripe(index))
    names = [f"sample{index}" for index in range(100)]
    drawn = numbers(f"files:{folder}", pictures(*names))

    assert set(drawn) == set(range(8))
    assert numbers(f"files:{folder}", pictures(*reversed(names))) == drawn[::-1]


def test_the_name_holds_folder_content_and_polarity(folder: Path, tmp_path: Path) -> None:
    save(folder / "a.png", stripe(0))
    first = bench.masks.get(f"files:{folder}").name
    black = bench.masks.get(f"files:{folder}?hole=black").name
    save(folder / ".hidden.png", stripe(3))
    (folder / "readme.txt").write_text("not a mask")

    assert first.startswith("files:brushes@")
    assert len(first.partition("@")[2]) == 12
    assert black == first.replace("@", "-hole-black@")
    assert bench.masks.get(f"files:{folder}/").name == first

    moved = folder.rename(tmp_path / "elsewhere")
    assert bench.masks.get(f"files:{moved}").name.partition("@")[2] == first.partition("@")[2]
    save(moved / "a.png", stripe(1))
    assert bench.masks.get(f"files:{moved}").name.partition("@")[2] != first.partition("@")[2]


def test_mostly_hole_is_a_warning_that_polarity_may_be_flipped(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for index in range(4):
        save(folder / f"m{index}.png", 255 - stripe(index))
    with caplog.at_level(logging.WARNING, "bench"):
        bench.masks.get(f"files:{folder}?hole=black")
        assert not caplog.records
        bench.masks.get(f"files:{folder}")

    assert "92 %" in caplog.text
    assert "?hole=black" in caplog.text


@pytest.mark.parametrize("name", ["files:{}", "files:{}/nowhere", "files:{}/m.png/"])
def test_a_folder_without_masks_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(DataError, match="mask folder"):
        bench.masks.get(name.format(folder))


@pytest.mark.parametrize("spec", ["files:", "files:?hole=black", "files:d?hole=grey", "files:d?size=3", "files:d?"])
def test_another_option_is_refused(spec: str) -> None:
    with pytest.raises(UsageError, match="files:DIR"):
        bench.masks.get(spec)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_an_unreadable_file_is_refused_by_name(folder: Path, content: bytes) -> None:
    save(folder / "good.png", HALF)
    (folder / "broken.png").write_bytes(content)

    with pytest.raises(DataError, match=r"broken\.png"):
        bench.masks.get(f"files:{folder}")


def test_a_truncated_file_is_refused_by_name(folder: Path) -> None:
    save(folder / "m.png", np.random.default_rng(0).integers(0, 256, (90, 90)).astype(np.uint8))
    (folder / "m.png").write_bytes((folder / "m.png").read_bytes()[:2000])

    with pytest.raises(DataError, match=r"m\.png"):
        bench.masks.get(f"files:{folder}")


@pytest.mark.parametrize(("grey", "found"), [(HALF // 255, "0 to 1"), (HALF * 0, "0 to 0"), (HALF | 200, "200 to 255")])
def test_all_hole_or_no_hole_is_refused_by_name(folder: Path, grey: np.ndarray, found: str) -> None:
    save(folder / "m.png", grey)

    with pytest.raises(DataError, match=rf"m\.png must have pixels on both sides .* grey values {found}"):
        bench.masks.get(f"files:{folder}")


def test_two_files_of_one_name_are_refused(folder: Path) -> None:
    save(folder / "m.png", HALF)
    save(folder / "m.webp", HALF)

    with pytest.raises(DataError, match=r"m\.png and m\.webp"):
        bench.masks.get(f"files:{folder}")


def test_masks_of_objects_to_remove(folder: Path) -> None:
    save(folder / "m.png", HALF)
    sample = Sample("a", np.zeros((40, 60, 3), np.uint8))
    removal, plain = (bench.masks.get(f"files:{folder}{options}") for options in ("?task=removal", ""))

    assert (task_of(removal), task_of(plain)) == ("removal", "completion")
    assert removal.name.startswith("files:brushes-removal@")
    assert plain.name.startswith("files:brushes@")
    assert bench.masks.get(f"files:{folder}?task=completion").name == plain.name
    assert isinstance(removal, Removing)
    assert removal.removed(sample, 0, Scenes([sample])).truth is None
    assert isinstance(plain, Removing)
    with pytest.raises(UsageError, match="must remove objects to tell what it removes; found the task completion"):
        plain.removed(sample, 0, Scenes([sample]))
    with pytest.raises(UsageError, match=r"task=completion\|removal behind a \?.*found 'files:.*task=remove'"):
        bench.masks.get(f"files:{folder}?task=remove")


@pytest.mark.parametrize(
    ("hidden", "label"),
    [({1: 200, 2: 150}, 1), ({1: 150, 2: 200}, 2), ({2: 80}, 2), ({2: 79}, None), ({0: 800}, None), ({255: 800}, None)],
)
def test_labels_tell_the_class_of_what_is_removed(folder: Path, hidden: dict[int, int], label: int | None) -> None:
    """`hidden`: pixels of each class among the 800 of the hole; classes 1 and 2 are countable."""
    save(folder / "m.png", HALF)
    inside = np.concatenate([*(np.full(count, one) for one, count in hidden.items()), np.zeros(800)])[:800]
    labels = np.full((40, 60), 1, np.uint8)
    labels[HALF == 255] = inside
    sample = Sample("a", np.zeros((40, 60, 3), np.uint8), labels)
    removal = bench.masks.get(f"files:{folder}?task=removal")

    assert isinstance(removal, Removing)
    dataset = Scenes([sample], classes=("ground", "car", "person"), objects=(1, 2))
    assert removal.removed(sample, 0, dataset).label == label
