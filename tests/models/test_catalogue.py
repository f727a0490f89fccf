from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import bench.models
from baselines import opencv
from bench.errors import UnknownName, UsageError
from bench.models import MODELS
from bench.vocabulary import Batch

CLASSICAL = [entry.name for entry in MODELS if entry.target.endswith(":ClassicalModel")]


def batch(n: int = 3, size: int = 40, under: int = 0) -> Batch:
    """Random smooth pictures; `under` is what their hole pixels hold."""
    random = np.random.default_rng(1)
    images = [cv2.GaussianBlur(random.integers(0, 256, (size, size, 3), dtype=np.uint8), (9, 9), 3) for _ in range(n)]
    hole = torch.zeros(n, 1, size, size, dtype=torch.bool)
    for row in range(n):
        hole[row, :, 8 + row : 24, 10:28] = True
    image = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float().div(255)
    return Batch(image.masked_fill(hole, under / 255), hole, None, tuple("abc"[:n]), tuple(range(n)))


@pytest.mark.parametrize("name", CLASSICAL)
def test_every_model_fills_and_keeps_known_pixels(name: str) -> None:
    given = batch()

    image = bench.models.load(name).inpaint(given).image

    assert image.shape == given.image.shape
    assert image.dtype == torch.float32
    assert torch.equal(image[~given.hole.expand_as(image)], given.image[~given.hole.expand_as(image)])
    assert image[given.hole.expand_as(image)].min() > 0


def test_models_are_those_of_the_library() -> None:
    given = batch(1)
    picture = (given.image[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)

    filled = bench.models.load("telea").inpaint(given).image[0].permute(1, 2, 0).mul(255).round().numpy()

    assert (filled == opencv.telea(picture, given.hole[0, 0].numpy())).all()


def test_fingerprints_tell_models_and_options_apart() -> None:
    specs = ["telea", "navier-stokes", "telea?radius=5", "telea?radius=6", "mean", "patchmatch"]

    prints = [bench.models.load(spec).fingerprint for spec in specs]

    assert len(set(prints)) == len(specs)
    assert prints == [bench.models.load(spec).fingerprint for spec in specs]


def test_names_of_rows() -> None:
    assert bench.models.load("telea").name == "telea"
    assert bench.models.load("telea?radius=5").name == "telea?radius=5"
    assert bench.models.load("wide=telea?radius=5").name == "wide"


def test_options_reach_the_model() -> None:
    given = batch(1)

    near, far = (bench.models.load(spec).inpaint(given).image for spec in ("telea?radius=1", "telea?radius=12"))

    assert not torch.equal(near, far)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("telea?raduis=5", "unexpected keyword argument 'raduis'"),
        ("telea?radius", "be KEY=VALUE"),
        ("telea?name=x", "be KEY=VALUE"),
        ("spgnet?weights=nowhere", "weights"),
        ("folder:/nowhere", "no such folder"),
    ],
)
def test_what_cannot_be_made(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bench.models.load(spec)


def test_an_unknown_model_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="Did you mean patchmatch"):
        bench.models.load("ours=pathmatch")


def test_equal_signs_in_a_folder_belong_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "a=b"
    folder.mkdir()
    cv2.imwrite(str(folder / "p.png"), np.zeros((4, 4, 3), np.uint8))

    assert bench.models.load(f"folder:{folder}").name == "folder:a=b"
