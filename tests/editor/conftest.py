"""A small model and a folder of pictures for the editor, and a client of its server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import bench.models
from bench.editor.edited_picture import EditedPicture
from bench.editor.samples import SampleSource, open_sample
from bench.vocabulary import Inpainter
from spgnet import SPGNet, SPGNetConfig

CLASSES = ("ground", "thing", "sky")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """The networks here are tiny: more threads only wait for one another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a small SPG-Net of three classes, whose own label maps are not all of one class."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = SPGNet(SPGNetConfig.small(CLASSES))
    path = tmp_path_factory.mktemp("weights") / "tiny"
    model.save(path)
    return path.with_suffix(".safetensors")


@pytest.fixture(scope="session")
def net(weights: Path) -> SPGNet:
    """The network of `weights` itself, the reference of the editor."""
    return SPGNet.from_pretrained(weights)


@pytest.fixture(scope="session")
def model_name(weights: Path) -> str:
    return f"spgnet?weights={weights}"


@pytest.fixture(scope="session")
def model(model_name: str) -> Inpainter:
    return bench.models.load(model_name)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> SampleSource:
    """Three labelled pictures of 128 pixels with a thing in the middle, in a folder."""
    root = tmp_path_factory.mktemp("pictures")
    (root / "images").mkdir()
    (root / "labels").mkdir()
    (root / "classes.json").write_text(json.dumps({"classes": list(CLASSES), "objects": ["thing"]}))
    for index in range(3):
        noise = np.random.default_rng(index).integers(0, 256, (128, 128, 3), dtype=np.uint8)
        labels = np.zeros((128, 128), np.uint8)
        labels[:30], labels[50:80, 40 + 5 * index : 90] = 2, 1
        Image.fromarray(cv2.GaussianBlur(noise, (0, 0), 4)).save(root / "images" / f"p{index}.png")
        Image.fromarray(labels).save(root / "labels" / f"p{index}.png")
    return SampleSource("folder", root)


@pytest.fixture(scope="session")
def picture(source: SampleSource) -> EditedPicture:
    """The first picture at 64 pixels, half its size."""
    return open_sample([source], "folder", "p0", 64)


@pytest.fixture(scope="session")
def hole() -> np.ndarray:
    """bool [64, 64], a block off the centre."""
    found = np.zeros((64, 64), bool)
    found[20:45, 15:50] = True
    return found


class Page:
    """One page of the editor: its session, and requests as it makes them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.start = client.get("/api/start").json()
        self.headers = {"x-session": self.start["session"]}

    def ask(self, path: str, **fields: Any) -> Any:
        """The response to a request."""
        return self.client.post(f"/api/{path}", json=fields, headers=self.headers)

    def get(self, path: str, **fields: Any) -> Any:
        """The answer to a request that must succeed."""
        response = self.ask(path, **fields)
        assert response.status_code == 200, response.text
        return response.json()

    def refused(self, status: int, path: str, **fields: Any) -> str:
        """The sentence that refuses a request."""
        response = self.ask(path, **fields)
        assert response.status_code == status, response.text
        error = response.json()["error"]
        assert set(error) == {"subject", "must", "found", "fix", "text"}
        return str(error["text"])


@pytest.fixture(scope="session")
def client(model_name: str, source: SampleSource) -> Iterator[Any]:
    """A client of the server with the small model and the folder."""
    pytest.importorskip("starlette", reason="starlette is not installed")
    from starlette.testclient import TestClient

    from bench.editor.models import EditorModels
    from bench.editor.routes import Editor
    from bench.editor.server import create_app

    app = create_app(Editor(EditorModels([model_name]), [source]))
    with TestClient(app, base_url="http://127.0.0.1:80") as opened:
        yield opened


@pytest.fixture
def page(client: Any) -> Page:
    """A page with a picture."""
    opened = Page(client)
    opened.get("picture", sample={"dataset": "folder", "id": "p0"}, side=128)
    return opened
