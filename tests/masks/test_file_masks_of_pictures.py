"""File masks go the way of their pictures: paired by name, cropped and resized alike, or refused."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import bench
import bench.data
import bench.masks
from bench.errors import DataError, NotApplicable, UsageError
from bench.evaluation.export import export_holes
from bench.evaluation.plan import resolve
from bench.evaluation.suite import Suite
from bench.vocabulary import Dataset, Sample

SIDES = st.integers(5, 40)


def save(root: Path, name: str, array: np.ndarray, orientation: int = 1) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if orientation > 1:
        exif[0x0112] = orientation
    Image.fromarray(array).save(path, exif=exif)


def drawn(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A mask of 0 and 255 with a rectangle anywhere."""
    random = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    top, left = random.integers(0, height - 2), random.integers(0, width - 2)
    mask[top : top + random.integers(2, height), left : left + random.integers(2, width)] = 255
    mask[0, 0] = 255 - mask[-1, -1]
    return mask


def open_dataset(root: Path, size: tuple[int, int] | None) -> Dataset:
    return bench.data.Cached(bench.data.load("folder", size=size, root=root))


def hole_of(root: Path, size: tuple[int, int] | None, options: str = "") -> np.ndarray:
    dataset = open_dataset(root, size)
    return bench.masks.get(f"files:{root / 'masks'}{options}").hole(dataset[0], 0, dataset)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(height=SIDES, width=SIDES, size=st.one_of(st.none(), st.tuples(SIDES, SIDES)), orientation=st.integers(1, 8))
def test_a_mask_is_cropped_and_resized_as_a_label_map(
    tmp_path: Path, height: int, width: int, size: tuple[int, int] | None, orientation: int
) -> None:
    """Label maps are compared with their pictures elsewhere; the picture may be stored on its side."""
    mask = drawn(height, width, seed=height * 100 + width)
    stored = (width, height, 3) if orientation > 4 else (height, width, 3)
    save(tmp_path, "images/a.png", np.zeros(stored, np.uint8), orientation)
    save(tmp_path, "labels/a.png", mask // 255)
    save(tmp_path, "masks/a.png", mask)
    (tmp_path / "classes.json").write_text(json.dumps({"classes": ["known", "missing"]}))
    labels = open_dataset(tmp_path, size)[0].labels
    assert labels is not None

    try:
        assert np.array_equal(hole_of(tmp_path, size), labels == 1)
    except NotApplicable:
        assert len(np.unique(labels)) == 1


def test_an_object_of_a_wide_picture_is_hidden(tmp_path: Path) -> None:
    picture = np.full((64, 128, 3), 90, np.uint8)
    picture[20:40, 75:90] = 255, 0, 0
    save(tmp_path, "images/a.png", picture)
    save(tmp_path, "masks/a.png", np.where(picture[..., 0] == 255, np.uint8(255), np.uint8(0)))
    sample = open_dataset(tmp_path, (64, 64))[0]

    hole = hole_of(tmp_path, (64, 64))

    assert np.array_equal(hole, (sample.image == (255, 0, 0)).all(axis=2))
    assert hole.sum() == 20 * 15


def test_a_mask_may_be_as_large_as_the_picture_in_the_end(tmp_path: Path) -> None:
    save(tmp_path, "images/a.png", np.zeros((40, 90, 3), np.uint8))
    mask = drawn(16, 16)
    save(tmp_path, "masks/a.png", mask)

    assert np.array_equal(hole_of(tmp_path, (16, 16)), mask == 255)


def test_a_mask_may_be_drawn_on_a_smaller_copy(tmp_path: Path) -> None:
    save(tmp_path, "images/a.png", np.zeros((60, 121, 3), np.uint8))
    mask = drawn(30, 60)
    save(tmp_path, "masks/a.png", mask)

    assert np.array_equal(hole_of(tmp_path, (30, 30)), mask[:, 15:45] == 255)


@pytest.mark.parametrize("shape", [(60, 60), (120, 60), (30, 90), (16, 17)])
def test_a_mask_of_another_shape_is_refused_by_name(tmp_path: Path, shape: tuple[int, int]) -> None:
    save(tmp_path, "images/a.png", np.zeros((60, 120, 3), np.uint8))
    save(tmp_path, "masks/a.png", drawn(*shape))

    with pytest.raises(DataError, match=rf"a\.png must be .* 'a' \(60x120 or 16x16, .*found {shape[0]}x{shape[1]}"):
        hole_of(tmp_path, (16, 16))
    assert hole_of(tmp_path, (16, 16), "?pick=random").shape == (16, 16)


def test_a_mask_of_the_picture_as_it_is_stored_is_refused_and_told(tmp_path: Path) -> None:
    save(tmp_path, "images/a.png", np.zeros((60, 120, 3), np.uint8), orientation=6)
    save(tmp_path, "masks/a.png", drawn(60, 120))
    with pytest.raises(DataError, match="as it is stored, on its side"):
        hole_of(tmp_path, (16, 16))

    save(tmp_path, "masks/a.png", drawn(60, 120), orientation=6)
    assert np.array_equal(hole_of(tmp_path, None), np.rot90(drawn(60, 120), -1) == 255)


def test_what_sizes_cannot_tell_is_warned_about_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a", "b"):
        save(tmp_path, f"images/{name}.png", np.zeros((9, 9, 3), np.uint8), orientation=6)
        save(tmp_path, f"masks/{name}.png", drawn(9, 9))
    dataset = open_dataset(tmp_path, None)
    protocol = bench.masks.get(f"files:{tmp_path / 'masks'}")

    with caplog.at_level(logging.WARNING, "bench"):
        holes = [protocol.hole(sample, 0, dataset) for sample in dataset]

    assert np.array_equal(holes[0], drawn(9, 9) == 255)
    assert [record.getMessage().count("turned by its EXIF orientation") for record in caplog.records] == [1]


@pytest.mark.parametrize(("columns", "what"), [(slice(0, 10), "nothing"), (slice(20, 80), "everything")])
def test_a_hole_that_the_crop_leaves_without_sense_is_skipped(tmp_path: Path, columns: slice, what: str) -> None:
    save(tmp_path, "images/a.png", np.zeros((40, 100, 3), np.uint8))
    mask = np.zeros((40, 100), np.uint8)
    mask[:, columns] = 255
    save(tmp_path, "masks/a.png", mask)

    with pytest.raises(NotApplicable, match=rf"a\.png: {what} is missing"):
        hole_of(tmp_path, (40, 40))


def test_what_an_export_leaves_out_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, columns in (("a", slice(0, 10)), ("b", slice(45, 55))):
        save(tmp_path, f"images/{name}.png", np.zeros((40, 100, 3), np.uint8))
        mask = np.zeros((40, 100), np.uint8)
        mask[:, columns] = 255
        save(tmp_path, f"masks/{name}.png", mask)
    suite = Suite("export", (), protocols=(f"files:{tmp_path / 'masks'}",), size="40")

    with caplog.at_level(logging.WARNING, "bench"):
        export_holes(resolve(suite, tmp_path / "out", dataset=open_dataset(tmp_path, (40, 40))), tmp_path / "out")

    assert [path.name for path in (tmp_path / "out").glob("*/holes/*")] == ["b.png"]
    assert "1 of 2 samples have no hole and are left out; the first is a: mask a.png: nothing" in caplog.text


# Names.


class Pictures(list[Sample]):
    name, revision, classes, objects = "pictures", "0" * 64, (), ()

    @property
    def ids(self) -> list[str]:
        return [sample.id for sample in self]


def pictures(*names: str) -> Pictures:
    return Pictures(Sample(name, np.zeros((8, 8, 3), np.uint8)) for name in names)


def masks(root: Path, *names: str) -> str:
    """Mask number n misses the pixels of row n."""
    for row, name in enumerate(names):
        mask = np.zeros((8, 8), np.uint8)
        mask[row] = 255
        save(root, f"masks/{name}", mask)
    return f"files:{root / 'masks'}"


def rows(spec: str, dataset: Dataset) -> list[int]:
    protocol = bench.masks.get(spec)
    return [int(protocol.hole(sample, 0, dataset)[:, 0].argmax()) for sample in dataset]


def test_masks_are_paired_as_lama_names_them(tmp_path: Path) -> None:
    spec = masks(tmp_path, "b_mask001.png", "deep/a_mask001.PNG", "unused_mask001.png")

    assert rows(spec, pictures("deep/a", "b")) == [1, 0]
    assert rows(f"{spec}?pick=own", pictures("deep/a", "b")) == [1, 0]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.png", "c.png"], r"samples without a mask: 'b'; masks of no sample: 'c'"),
        (
            ["a.png", "b_mask001.png", "b_mask002.png"],
            r"with several masks: 'b \(b_mask001, b_mask002\)'",
        ),
        (["b_mask001.png", "b_mask002.png"], r"without a mask: 'a'; samples with several"),
    ],
)
def test_where_only_some_names_pair_the_run_stops_and_lists_both_sides(
    tmp_path: Path, names: list[str], message: str
) -> None:
    spec, dataset = masks(tmp_path, *names), pictures("a", "b")

    with pytest.raises(DataError, match=message):
        bench.evaluate(["mean"], dataset, [spec], ["psnr"], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert set(rows(f"{spec}?pick=random", dataset)) <= {0, 1, 2}


def test_where_no_name_pairs_masks_are_drawn_and_it_is_said_and_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spec, dataset = masks(tmp_path, *(f"m{row}.png" for row in range(8))), pictures("a", "b", "c")

    with caplog.at_level(logging.WARNING, "bench"):
        run = bench.evaluate(["mean"], dataset, [spec], ["psnr"], out=tmp_path / "out")
        asked = bench.evaluate(["mean"], dataset, [f"{spec}?pick=random"], ["psnr"], out=tmp_path / "asked")

    assert [record.getMessage().count("a mask is drawn for each sample") for record in caplog.records] == [1]
    assert run.info.protocols == asked.info.protocols
    assert run.info.protocols[0].startswith("files:masks-random@")
    assert rows(spec, dataset) == rows(f"{spec}?pick=random", dataset)
    with pytest.raises(DataError, match="samples without a mask: 'a', 'b', 'c'"):
        bench.evaluate(["mean"], dataset, [f"{spec}?pick=own"], ["psnr"], out=tmp_path / "own")


@pytest.mark.parametrize(
    "options", ["?pick=", "?pick=any", "?hole=alpha", "?hole=black&hole=white", "?hole=black?pick=own"]
)
def test_other_options_are_refused_with_those_that_there_are(tmp_path: Path, options: str) -> None:
    with pytest.raises(
        UsageError, match=r"hole=white\|black\|opaque\|transparent, pick=own\|random, task=completion\|removal"
    ):
        bench.masks.get(masks(tmp_path, "a.png") + options)


def test_grey_masks_and_pictures_are_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spec = masks(tmp_path, "a.png", "b.png")
    with caplog.at_level(logging.WARNING, "bench"):
        bench.masks.get(spec)
        assert not caplog.records
        save(tmp_path, "masks/c.png", np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8))
        bench.masks.get(spec)

    assert "1 of 3 masks of files:masks" in caplog.text
    assert "of the pixels of c.png are grey or coloured" in caplog.text
