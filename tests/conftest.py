"""Fixtures that more than one room uses: a small folder of pictures, and models that misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

import bench.data
from bench.vocabulary import Batch, Dataset, LabelSources, Prediction

settings.register_profile("quick", deadline=None, max_examples=30)  # a slow machine is no failing example
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("quick")  # `pytest --hypothesis-profile=thorough` takes the other


@pytest.fixture(scope="session", autouse=True)
def cache_of_these_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is kept of pictures goes into a folder of these tests, and nothing comes from the user's."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("SPGBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def picture_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a `folder` dataset of smooth random pictures with two-class labels and an object each."""

    def write(n: int, size: int = 48, name: str = "pictures") -> Path:
        root = tmp_path / name
        (root / "images").mkdir(parents=True)
        (root / "labels").mkdir()
        (root / "classes.json").write_text(json.dumps({"classes": ["ground", "thing"], "objects": ["thing"]}))
        for index in range(n):
            image, labels = _scene(index, size)
            Image.fromarray(image).save(root / "images" / f"p{index:03d}.png")
            Image.fromarray(labels).save(root / "labels" / f"p{index:03d}.png")
        return root

    return write


@pytest.fixture
def pictures(picture_folder: Callable[..., Path]) -> Dataset:
    """Twenty pictures, more than a shard."""
    return bench.data.load("folder", size=(48, 48), root=str(picture_folder(20)))


def _scene(index: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(index)
    y, x = np.mgrid[:size, :size] / size
    waves = [np.sin(2 * np.pi * (a * x + b * y + c)) for a, b, c in random.uniform(0.2, 2, (3, 3))]
    image = np.stack(waves, -1) * 90 + 128
    labels = np.zeros((size, size), np.uint8)
    top, left = random.integers(2, size // 2, 2)
    thing = (slice(top, top + size // 4), slice(left, left + size // 3))
    labels[thing], image[thing] = 1, random.uniform(0, 255, 3)
    return image.astype(np.uint8), labels


class FlatModel:
    """Fills with one colour; a base for models that misbehave."""

    label_sources = LabelSources()

    def __init__(self, name: str = "flat", fingerprint: str = "f" * 64) -> None:
        self.name, self.fingerprint = name, fingerprint
        self.asked: list[str] = []

    def inpaint(self, batch: Batch) -> Prediction:
        self.asked += batch.ids
        return Prediction(batch.image.masked_fill(batch.hole, 0.5))


@pytest.fixture
def flat_model() -> type[FlatModel]:
    return FlatModel
