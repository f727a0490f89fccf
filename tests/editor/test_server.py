"""The server's answers: what each route gives, who may ask, what is refused and how, and that pages are isolated."""

from __future__ import annotations

import base64
import io
import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import bench.masks
from bench.editor.encoding import to_data_url
from bench.editor.models import EditorModels
from bench.editor.samples import SampleSource
from bench.editor.uploads import MOST_BYTES
from bench.image_files.decode import decode_picture_bytes
from bench.models import MODELS
from bench.pictures import png_bytes
from bench.reporting.images.palette import class_colour
from bench.vocabulary import Inpainter
from tests.editor.conftest import CLASSES, Page

pytest.importorskip("starlette", reason="starlette is not installed")

from starlette.testclient import TestClient

from bench.editor.routes import Editor
from bench.editor.server import create_app, is_local

HOLE = np.zeros((128, 128), bool)
HOLE[40:90, 30:100] = True
HOLE_URL = to_data_url(HOLE)


def array(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))


def upload(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def test_the_start_lists_what_a_page_chooses_from(client: Any, model_name: str) -> None:
    start = Page(client).start

    first = start["models"][0]
    assert (first["name"], first["guided"]) == (model_name, True)
    assert [one["name"] for one in first["classes"]] == list(CLASSES)
    assert first["classes"][1]["colour"] == "#" + bytes(class_colour(1)).hex()
    assert {one["id"] for one in start["samples"]} == {"p0", "p1", "p2"}
    assert array(start["samples"][0]["thumbnail"]).shape == (96, 96, 3)
    assert "files:" not in {one["name"] for one in start["protocols"]}
    assert start["limits"]["sides"] == [128, 256, 512]


def test_every_shipped_model_is_on_the_list_once() -> None:
    choices = EditorModels(["spgnet"]).choices
    names = [one.name for one in choices]

    assert names[0] == "spgnet"
    assert len(set(names)) == len(names)
    assert {"spgnet?weights=camvid-small", "lama?weights=streets-lama-small", "telea"} <= set(names)
    assert {one.name.partition("?")[0] for one in choices} >= {
        entry.name for entry in MODELS if entry.target.endswith(("LearnedModel", "ClassicalModel"))
    } - {"biharmonic"}
    assert all(
        bool(one.classes) == one.guided == one.name.startswith(("spgnet?", "spgnet")) * ("unguided" not in one.name)
        for one in choices
    )


def test_from_a_sample_to_a_replay(page: Page, model_name: str, client: Any) -> None:
    shown = page.get("picture", sample={"dataset": "folder", "id": "p1"}, side=128, request=4)
    truth = array(shown["picture"])
    assert (shown["request"], shown["height"], shown["width"], shown["objects"]) == (4, 128, 128, 1)
    assert np.bincount(array(shown["labels"]).ravel()).nonzero()[0].tolist() == [0, 1, 2]
    hole_url = page.get("hole", protocol="center-50", seed=1)["hole"]
    assert array(hole_url).sum() == 64 * 64 * 255

    own = page.get("fill", model=model_name, hole=hole_url, labels=None, seed=0, request=5)
    edited = array(own["labels"]).copy()
    edited[50:80, 50:80] = (edited[50:80, 50:80] + 1) % 3
    fill = page.get("fill", model=model_name, hole=hole_url, labels=to_data_url(edited), seed=0)

    assert own["request"] == 5
    assert (own["reused"], fill["reused"]) == ([], ["segmenter", "sp-net"])
    assert set(own["milliseconds"]) == {"segmenter", "sp-net", "sg-net", "all"}
    assert (array(own["visible"])[array(hole_url) > 0] == 255).all()
    changed = (array(fill["fill"]) != truth).any(axis=2)
    assert changed.any()
    assert not changed[array(hole_url) == 0].any()
    assert (array(fill["fill"]) != array(own["fill"])).any()
    drawn = page.get("alternatives", model=model_name, hole=hole_url, k=3, seed=0)["alternatives"]
    assert len({one["labels"] for one in drawn}) == 3

    variants = [
        {"title": "own", "model": model_name, "labels": None, "alternative": None},
        {"title": "edited", "model": model_name, "labels": to_data_url(edited)},
        {"title": "drawn", "model": model_name, "alternative": 2},
    ]
    saved = page.get("replay", hole=hole_url, seed=0, variants=variants)
    opened = Page(client).get("replay/open", document=saved["document"])
    assert saved["name"] == "spgbench-edit.json"
    assert json.loads(saved["document"])["picture"]["dataset"] == "folder"
    assert [one["fill"] for one in opened["variants"]] == [own["fill"], fill["fill"], drawn[2]["fill"]]
    assert all(one["same"] for one in opened["variants"])
    assert [one["edited"] for one in opened["variants"]] == [False, True, False]
    assert [one["labels"] for one in opened["variants"]] == [own["labels"], fill["labels"], drawn[2]["labels"]]
    assert (opened["picture"]["picture"], opened["hole"]) == (shown["picture"], hole_url)


def test_a_score_looks_at_the_hole(page: Page, model_name: str) -> None:
    own = page.get("fill", model=model_name, hole=HOLE_URL)
    truth = page.get("picture", sample={"dataset": "folder", "id": "p0"}, side=128)["picture"]

    scored = page.get("score", fill=own["fill"], hole=HOLE_URL)

    difference = np.abs(array(own["fill"]).astype(float) - array(truth))[HOLE]
    assert scored["l1"] == pytest.approx(difference.mean() / 2.55)  # in percent of the range
    assert scored["psnr"] == pytest.approx(10 * np.log10(255**2 / (difference**2).mean()))
    assert page.get("score", fill=truth, hole=HOLE_URL) == {"psnr": None, "l1": 0}


def test_an_upload_is_filled_and_no_file_is_written(
    page: Page, model_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pixels = np.random.default_rng(0).integers(0, 256, (130, 201, 3), dtype=np.uint8)

    shown = page.get("picture", upload=upload(png_bytes(pixels)), name="mine.png", side=128)

    assert (shown["height"], shown["width"], shown["labels"], shown["objects"]) == (128, 192, None, 0)
    assert "130x201 to 128x192" in shown["note"]
    hole = np.zeros((128, 192), bool)
    hole[5, 5] = True
    filled = array(page.get("fill", model=model_name, hole=to_data_url(hole))["fill"])
    assert (filled == array(shown["picture"]))[~hole].all()
    assert "have a label map" in page.refused(422, "hole", object=[5, 5])
    assert list(tmp_path.iterdir()) == []


def test_a_page_cannot_see_or_change_another(client: Any, page: Page, model_name: str) -> None:
    before = page.get("fill", model=model_name, hole=HOLE_URL)
    other = Page(client)
    assert "Choose a picture first" in other.refused(422, "fill", model=model_name, hole=HOLE_URL)

    other.get("picture", sample={"dataset": "folder", "id": "p2"}, side=128)

    assert other.get("fill", model=model_name, hole=HOLE_URL)["fill"] != before["fill"]
    assert page.get("fill", model=model_name, hole=HOLE_URL)["fill"] == before["fill"]


def test_eight_pages_at_once_get_what_each_gets_alone(client: Any, model_name: str) -> None:
    def edit(number: int) -> list[str]:
        page = Page(client)
        page.get("picture", sample={"dataset": "folder", "id": f"p{number % 3}"}, side=128)
        hole = to_data_url(np.roll(HOLE, number, axis=1))
        own = page.get("fill", model=model_name, hole=hole)
        labels = to_data_url((array(own["labels"]) + 1) % 3)
        return [own["fill"], page.get("fill", model=model_name, hole=hole, labels=labels)["fill"]]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(edit, range(8)))

    assert together == [edit(number) for number in range(8)]
    assert len({one[1] for one in together}) == 8


GOOD = {"hole": HOLE_URL}
LARGE = to_data_url(np.zeros((40, 40), bool))
REFUSED: list[tuple[int, str, dict[str, Any], str]] = [
    (415, "picture", {"upload": upload(b"hello"), "name": "a.png"}, "picture a.png must be a whole"),
    (415, "picture", {"upload": "hello"}, "data URL"),
    (413, "picture", {"upload": "data:;base64," + "A" * (MOST_BYTES // 3 * 4 + 8)}, "at most 20,000,000 bytes"),
    (413, "picture", {"upload": "data:;base64," + "A" * (2 * MOST_BYTES)}, "request must have at most"),
    (422, "picture", {}, "a sample or an upload"),
    (422, "picture", {"sample": {"dataset": "folder", "id": "p9"}}, "sample 'p9'"),
    (422, "picture", {"sample": {"dataset": "voc", "id": "p9"}}, "data set of the page 'voc'"),
    (422, "picture", {"sample": {"dataset": "folder", "id": "p0"}, "side": 200}, "128, 256, 512"),
    (422, "hole", {"protocol": "nothing"}, "protocol 'nothing' must be a known name"),
    (422, "hole", {"protocol": "files:/etc"}, "from the list"),
    (422, "hole", {}, "a protocol or an object"),
    (422, "hole", {"protocol": "center-50", "seed": -1}, "seed must be one of 0 to"),
    (422, "fill", {"hole": to_data_url(HOLE | True)}, "hole over everything"),
    (422, "fill", {"hole": to_data_url(HOLE & False)}, "have a pixel"),
    (422, "fill", {"hole": LARGE}, "as large as the picture, 128x128"),
    (422, "fill", {"model": "python:evil.py:fill", **GOOD}, "model of the page 'python:evil.py:fill'"),
    (422, "fill", {"model": "telea", "labels": to_data_url(HOLE.astype(np.uint8)), **GOOD}, "paint under label maps"),
    (422, "fill", {"labels": to_data_url(HOLE.astype(np.uint8) * 9), **GOOD}, "0 to 2; found index 9"),
    (422, "fill", {"labels": to_data_url(HOLE.astype(np.uint8) * 255), **GOOD}, "unlabelled"),
    (422, "alternatives", {"k": 9, **GOOD}, "k must be one of 2 to 8"),
    (422, "alternatives", {"model": "telea", **GOOD}, "several fills"),
    (422, "score", {"fill": LARGE, **GOOD}, "as large as the picture"),
    (422, "replay", {"variants": [], **GOOD}, "1 to 64 variants"),
    (422, "replay", {"variants": [{"title": "a", "model": "telea"}] * 65, **GOOD}, "found 65"),
    (422, "replay/open", {"document": "{}"}, "have the format"),
    (400, "fill", {"model": 3, **GOOD}, "field model must be text"),
    (400, "fill", {"model": "telea"}, "field hole must be there"),
    (400, "fill", {"nothing": 1, **GOOD}, "field nothing"),
    (404, "nothing", {}, "POST /api/nothing"),
]


@pytest.mark.parametrize(("status", "path", "fields", "words"), REFUSED, ids=[f"{one[1]}: {one[3]}" for one in REFUSED])
def test_what_does_not_fit_is_refused_in_words(
    page: Page, model_name: str, status: int, path: str, fields: dict[str, Any], words: str
) -> None:
    named = {"model": model_name} if path in ("fill", "alternatives") and "hole" in fields else {}

    assert words in page.refused(status, path, **(named | fields))


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(page: Page, body: bytes) -> None:
    response = page.client.post("/api/fill", content=body, headers=page.headers)

    assert response.status_code == 400
    assert "must be" in response.json()["error"]["text"]


def test_a_session_that_is_gone_is_said(client: Any) -> None:
    for headers in ({}, {"x-session": "other"}):
        response = client.post("/api/fill", json={}, headers=headers)
        assert response.status_code == 410
        assert "keeps your work" in response.json()["error"]["fix"]


def test_other_sites_may_not_ask_and_every_answer_has_its_headers(client: Any) -> None:
    for path in ("/api/start", "/api/nothing"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "http" not in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert "access-control-allow-origin" not in headers
    for wrong in (
        {"sec-fetch-site": "cross-site"},
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:80"},
        {"host": "10.0.0.7"},
    ):
        assert client.get("/api/start", headers=wrong).status_code == 403
    for right in (
        {"sec-fetch-site": "same-origin"},
        {"host": "localhost:8000"},
        {"host": "[::1]:80"},
        {"host": "127.0.0.2"},
    ):
        assert client.get("/api/start", headers=right).status_code == 200


def test_a_token_is_asked_for_once(model_name: str, source: SampleSource) -> None:
    app = create_app(Editor(EditorModels([model_name]), [source]), "secret", local=False)
    with TestClient(app, base_url="http://machine.example", follow_redirects=False) as client:
        for path in ("/", "/api/start", "/?token=wrong", "/?token=", "/api/start?token=secret"):
            assert client.get(path).status_code == 401, path

        answer = client.get("/?token=secret")

        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert client.get("/api/start").status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("10.0.0.7", False)],  # noqa: S104
)
def test_which_addresses_are_of_this_machine_alone(host: str, local: bool) -> None:
    assert is_local(host) == local


def test_a_full_queue_and_a_failing_model_are_said_and_work_goes_on(
    model: Inpainter, source: SampleSource, capsys: pytest.CaptureFixture[str]
) -> None:
    class Models(EditorModels):
        def load(self, name: str) -> Inpainter:
            begun.set()
            go_on.wait(60)
            if name == "mean":
                raise RuntimeError("secret path")
            return model

    begun, go_on = threading.Event(), threading.Event()
    editor = Editor(Models(["telea", "mean"]), [source])
    editor.queue._most = 1  # of requests at once
    with TestClient(create_app(editor), base_url="http://127.0.0.1") as client, ThreadPoolExecutor(1) as pool:
        page = Page(client)
        page.get("picture", sample={"dataset": "folder", "id": "p0"}, side=128)
        first = pool.submit(page.ask, "fill", model="telea", hole=HOLE_URL)
        begun.wait(60)
        assert "Wait some seconds" in page.refused(429, "fill", model="telea", hole=HOLE_URL)
        go_on.set()
        assert first.result().status_code == 200

        said = page.refused(500, "fill", model="mean", hole=HOLE_URL)

        assert "RuntimeError" in said
        assert "secret path" not in said
        assert "secret path" in capsys.readouterr().err
        assert page.ask("fill", model="telea", hole=HOLE_URL).status_code == 200


def test_the_first_model_is_loaded_once_a_page_has_started(model: Inpainter, source: SampleSource) -> None:
    asked: list[str] = []

    class Models(EditorModels):
        def load(self, name: str) -> Inpainter:
            asked.append(name)
            return model

    editor = Editor(Models(["mean", "telea"]), [source], load_ahead=True)
    with TestClient(create_app(editor), base_url="http://127.0.0.1") as client:
        assert asked == []
        Page(client)
        page = Page(client)
        page.get("picture", sample={"dataset": "folder", "id": "p0"}, side=128)
        page.get("fill", model="telea", hole=HOLE_URL)

    assert asked == ["mean", "telea"]


def test_the_hole_of_an_object_and_of_a_protocol_are_those_of_the_masks(page: Page, source: SampleSource) -> None:
    dataset = source.load(128)
    expected = bench.masks.get("freeform").hole(dataset[0], 3, dataset)

    np.testing.assert_array_equal(array(page.get("hole", protocol="freeform", seed=3)["hole"]) > 0, expected)
    inside = array(page.get("hole", object=[60, 60])["hole"]) > 0
    assert inside[50:80, 40:90].all()
    assert not inside[0].any()


def test_pictures_of_answers_decode_as_strictly_as_files(page: Page, model_name: str) -> None:
    fill = page.get("fill", model=model_name, hole=HOLE_URL)["fill"]

    assert decode_picture_bytes(base64.b64decode(fill.partition(",")[2]), "fill").pixels.shape == (128, 128, 3)
