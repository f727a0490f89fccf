from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench.data
from bench.data.cache import Cached
from bench.errors import DataError
from bench.image_files.sizes import resize_labels, resize_picture
from bench.vocabulary import VOID, Dataset, Truth

Write = Callable[..., Path]
UPSIDE_DOWN = 3


@pytest.fixture
def paired(tmp_path: Path, write_picture: Write) -> Path:
    """Three pictures with truths, without labels."""
    for index, name in enumerate(("a", "b", "deep/c")):
        write_picture(tmp_path / "images" / f"{name}.png", seed=index)
        write_picture(tmp_path / "truths" / f"{name}.webp", seed=10 + index)
    return tmp_path


def load(root: Path, **options: object) -> Dataset:
    return bench.data.load("folder", **{"size": None, "root": root, **options})  # type: ignore[arg-type]  # mixed


def truth_of(dataset: Dataset, index: int = 0) -> Truth:
    truth = dataset[index].truth
    assert truth is not None
    return truth


def stored(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_truths_lie_beside_pictures(paired: Path) -> None:
    for index, name in enumerate(("a", "b", "deep/c")):
        assert np.array_equal(truth_of(load(paired), index).image, stored(paired / "truths" / f"{name}.webp"))
        assert truth_of(load(paired), index).labels is None


def test_truths_lie_in_a_flat_folder_too(
    tmp_path: Path, write_picture: Write, caplog: pytest.LogCaptureFixture
) -> None:
    write_picture(tmp_path / "a.png")
    write_picture(tmp_path / "truths" / "a.png", seed=1)

    assert np.array_equal(truth_of(load(tmp_path)).image, stored(tmp_path / "truths" / "a.png"))
    assert not caplog.text


def test_truths_are_cropped_and_resized_as_their_pictures(
    folder: Path, write_picture: Write, write_labels: Write
) -> None:
    drawn = np.random.default_rng(0).choice([0, 1, 200], (12, 16)).astype(np.uint8)
    for name in ("a", "b", "deep/c"):
        write_picture(folder / "truths" / f"{name}.png", seed=9)
        write_labels(folder / "truth-labels" / f"{name}.png", drawn)

    truth = truth_of(load(folder, size=(6, 5)))

    labels = np.where(drawn == 200, VOID, drawn)
    assert np.array_equal(truth.image, resize_picture(stored(folder / "truths" / "a.png"), (6, 5)))
    assert truth.labels is not None
    assert np.array_equal(truth.labels, resize_labels(labels, (6, 5)))


def test_a_cached_data_set_hands_truths_on(paired: Path) -> None:
    assert np.array_equal(truth_of(Cached(load(paired))).image, truth_of(load(paired)).image)


def test_revisions_cover_truths(folder: Path, write_picture: Write, write_labels: Write) -> None:
    def revisions() -> tuple[str, ...]:
        dataset = bench.data.load("folder", size=(8, 8), root=folder)
        return dataset.revision, *dataset.sample_revisions()  # type: ignore[attr-defined]  # a FileDataset has them

    seen = [revisions()]
    for name in ("a", "b", "deep/c"):
        write_picture(folder / "truths" / f"{name}.png", seed=9)
    seen.append(revisions())
    for name in ("a", "b", "deep/c"):
        write_labels(folder / "truth-labels" / f"{name}.png", [1, 0])
    seen.append(revisions())
    write_picture(folder / "truths" / "b.png", seed=8)
    seen.append(revisions())

    assert [len({each[place] for each in seen}) for place in range(4)] == [4, 3, 4, 3]  # whole set, a, b, deep/c


def test_a_truth_is_no_label_map_to_the_revision(tmp_path: Path, write_labels: Write) -> None:
    revisions = set()
    for folder in ("labels", "truths"):
        root = tmp_path / f"set-{folder}"
        (root / "x").mkdir(parents=True)
        (root / "classes.json").write_text(json.dumps({"classes": ["x"]}), encoding="utf-8")
        write_labels(root / "images" / "a.png", [0])
        write_labels(root / folder / "a.png", [0])
        revisions.add(load(root).revision)

    assert len(revisions) == 2


def test_a_truth_stands_upright_as_its_picture(paired: Path, caplog: pytest.LogCaptureFixture) -> None:
    exif = Image.Exif()
    exif[0x0112] = UPSIDE_DOWN
    upright = stored(paired / "truths" / "a.webp")
    for path in (paired / "images" / "a.png", paired / "truths" / "a.webp"):
        Image.open(path).transpose(Image.Transpose.ROTATE_180).save(path, exif=exif, lossless=True)
    quarter = Image.Exif()
    quarter[0x0112] = 6
    beside = Image.open(paired / "truths" / "b.webp").transpose(Image.Transpose.ROTATE_90)
    beside.save(paired / "truths" / "b.webp", exif=quarter, lossless=True)

    dataset = load(paired)

    assert np.array_equal(truth_of(dataset).image, upright)
    assert truth_of(dataset, 1).image.shape == dataset[1].image.shape
    assert not caplog.text
    Image.fromarray(upright).save(paired / "truths" / "a.webp", lossless=True)
    assert np.array_equal(truth_of(load(paired)).image, upright)
    assert "is turned by its EXIF orientation, and the truth is not" in caplog.text


def test_all_that_is_wrong_with_truths_is_told_at_once(paired: Path, write_picture: Write) -> None:
    (paired / "truths" / "b.webp").rename(paired / "truths" / "b_gt.webp")
    write_picture(paired / "truths" / "deep" / "c.webp", height=6, width=8)

    with pytest.raises(DataError) as caught:
        load(paired)

    text = str(caught.value)
    assert f"folder {paired / 'truths'} must hold one truth for each picture, of the same name and size" in text
    for part in (
        *("pictures without a truth: 'b'", "truths without a picture: 'b_gt'"),
        *("'deep/c' 6x8, its picture 12x16", "Name each after its picture"),
    ):
        assert part in text


def test_truths_of_other_splits_are_no_surplus(paired: Path, write_text: Write) -> None:
    write_text(paired / "splits" / "one.txt", "a")

    assert len(load(paired, split="one")) == 1


def test_sizes_beyond_the_limit_are_not_checked(paired: Path, write_picture: Write) -> None:
    write_picture(paired / "truths" / "b.webp", height=6, width=8)

    assert list(load(paired, limit=1).ids) == ["a"]
    with pytest.raises(DataError, match=r"truth .*b\.webp must be as large as its picture"):
        _ = load(paired, limit=1).whole[1]  # type: ignore[attr-defined]  # a FileDataset has it


def test_a_damaged_truth_is_told_when_its_sample_is_read(paired: Path) -> None:
    path = paired / "truths" / "a.webp"
    path.write_bytes(path.read_bytes()[:-9])

    dataset = load(paired)

    assert truth_of(dataset, 1).image.shape == (12, 16, 3)
    with pytest.raises(DataError, match=r"truth .*a\.webp must be a whole"):
        _ = dataset[0]


def test_label_maps_of_truths_are_checked(folder: Path, write_picture: Write, write_labels: Write) -> None:
    write_labels(folder / "truth-labels" / "a.png", [0])
    with pytest.raises(DataError, match=r"truth-labels must lie beside .*truths"):
        load(folder)

    for name in ("a", "b", "deep/c"):
        write_picture(folder / "truths" / f"{name}.png")
    write_labels(folder / "truth-labels" / "z.png", [0])
    with pytest.raises(DataError, match="none for: 'b', 'deep/c'; label maps without a truth: 'z'"):
        load(folder)
