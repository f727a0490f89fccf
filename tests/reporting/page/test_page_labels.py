from __future__ import annotations

import base64
import io
import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.images.palette import class_colour, painted
from bench.reporting.page import write_page

MakeRun = Callable[..., Path]
CLASSES = ("sky", "road", "car")

# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]


def lab(colour: tuple[int, ...], vision: str) -> np.ndarray:
    """CIE L*a*b* (D65) of an sRGB colour as somebody of that vision sees it."""
    share = np.array(colour) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISIONS[vision]) @ linear, 0, 1)
    x, y, z = (np.array(TO_XYZ) @ seen) / [0.95047, 1, 1.08883]
    fx, fy, fz = (np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def save(path: Path, labels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(labels.astype(np.uint8)).save(path)


def data_of(page: Path) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    return json.loads(found[1])


def picture(page: Path, key: str) -> np.ndarray:
    found = re.search(rf'<script type="text/plain" id="{key}">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("vision", VISIONS)
def test_the_first_classes_are_told_apart_with_any_colour_vision(vision: str) -> None:
    colours = [class_colour(label) for label in [*range(16), 255]]
    seen = [lab(colour, vision) for colour in colours]

    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 15


def test_every_class_has_a_colour_of_its_own() -> None:
    assert len({class_colour(label) for label in range(256)}) == 256


def test_label_maps_come_back_from_their_colours(make_run: MakeRun) -> None:
    out = make_run(gallery=1, models=["telea", "mean"], classes=CLASSES)
    run = read_run(out)
    draw = np.random.default_rng(0)
    true, predicted = draw.choice([0, 1, 2, 255], (32, 48)), draw.integers(0, 3, (32, 48))
    save(run.layout.labels("town/0000"), true)
    [key] = [key for key in run.cells if key.model == "telea"]
    save(run.layout.predicted_labels(key, "town/0000"), predicted)
    page = write_page(RunAnalysis(run))
    data = data_of(page)
    telea = [model["name"] for model in data["models"]].index("telea")
    of_model = data["predicted"][0][telea][0]

    assert np.array_equal(picture(page, data["labels"][0]["picture"]), painted(true.astype(np.uint8)))
    assert np.array_equal(picture(page, of_model["picture"]), painted(predicted.astype(np.uint8)))
    assert (data["labels"][0]["classes"], of_model["classes"]) == ([0, 1, 2, 255], [0, 1, 2])
    assert data["predicted"][0][1 - telea] == [None]
    assert {index: (one["name"], tuple(one["colour"])) for index, one in data["classes"].items()} == {
        "0": ("sky", class_colour(0)),
        "1": ("road", class_colour(1)),
        "2": ("car", class_colour(2)),
        "255": ("unlabelled", (0, 0, 0)),
    }


def test_what_a_hole_covers_is_counted_by_true_class_and_protocol(make_run: MakeRun) -> None:
    run = read_run(make_run(gallery=3, protocols=["a@1", "b@1"], skipped=[1], classes=CLASSES))
    labels = np.full((32, 48), 255)
    labels[:10], labels[10:] = 0, 2
    labels[12, 12:20] = 255
    for index in (0, 1):
        save(run.layout.labels(f"town/{index:04d}"), labels)
    whole = np.full((32, 48), 255)
    save(run.layout.hole("b@1", "town/0000"), whole)
    covered = data_of(write_page(RunAnalysis(run)))["covered"]

    # The hole of the recipe: rows 8 to 23, columns 12 to 35.
    assert covered[0] == [{"pixels": 384, "classes": {"0": 48, "2": 384 - 48 - 8}}, None, None]
    assert covered[1][0] == {"pixels": 32 * 48, "classes": {"0": 480, "2": 32 * 48 - 480 - 8}}


def test_long_label_maps_are_thinned_and_never_mixed(make_run: MakeRun) -> None:
    run = read_run(make_run(gallery=1, size=(600, 1100), classes=CLASSES))
    labels = np.random.default_rng(0).integers(0, 3, (600, 1100))
    save(run.layout.labels("town/0000"), labels)
    page = write_page(RunAnalysis(run))
    data = data_of(page)
    shown = picture(page, data["labels"][0]["picture"])

    assert shown.shape == picture(page, data["samples"][0]["truth"]).shape
    assert {tuple(colour) for colour in shown.reshape(-1, 3).tolist()} == {class_colour(label) for label in range(3)}


def test_a_class_without_a_name_has_its_number(make_run: MakeRun) -> None:
    run = read_run(make_run(gallery=1, classes=["sky"]))
    save(run.layout.labels("town/0000"), np.full((32, 48), 7))

    assert data_of(write_page(RunAnalysis(run)))["classes"]["7"]["name"] == "class 7"


def test_same_run_same_bytes(make_run: MakeRun) -> None:
    run = read_run(make_run(classes=CLASSES))
    for sample in ("town/0000", "town/0001"):
        save(run.layout.labels(sample), np.arange(32 * 48).reshape(32, 48) % 3)
    first = write_page(RunAnalysis(run)).read_bytes()

    assert write_page(RunAnalysis(read_run(run.layout.out))).read_bytes() == first


def test_without_label_maps_there_are_no_classes(make_run: MakeRun) -> None:
    data = data_of(write_page(RunAnalysis(read_run(make_run(gallery=2, classes=CLASSES)))))

    assert (data["classes"], data["labels"], data["covered"]) == ({}, [None, None], [[None, None]])
